import Synchronization

/// Whether the defence lane is in use, or was lately: then blocks are short, and work for ordinary transactions yields.
///
/// Sounded by the core, heard by any thread.
final class Alert: Sendable {
  private let state = Atomic<Bool>(false)

  var isOn: Bool { state.load(ordering: .relaxed) }

  func sound() { state.store(true, ordering: .relaxed) }
  func end() { state.store(false, ordering: .relaxed) }
}
