/// A part of a simulation inside a closure or object that the product may hand to other threads.
///
/// A simulation runs on one thread from its first event to its last, the product's code in it included, and nothing of it outlives
/// it; that is what makes this safe. Beside SQLite's table of methods, which is never written again, the one place in this module where
/// the compiler is told so.
struct Unshared<Value>: Sendable {
  nonisolated(unsafe) let value: Value

  init(_ value: Value) { self.value = value }
}
