import CairnChain
import CairnCrypto

/// A block that may become final, with its body.
struct Candidate: Sendable {
  enum State: Equatable, Sendable {
    /// Its parent was not executed yet.
    case waiting
    case executing
    case valid
    case invalid
  }

  var proposal: Verified<Proposal>
  var state = State.waiting
  var isPersisted = false
  /// How often execution refused what came under this digest.
  var refusals = 0

  var header: Header { proposal.value.block.header }
  var digest: Digest { header.digest }
}

/// The candidates above the last committed block, in the order in which they came. Few: a linear search beats a hash table, and
/// has an order.
struct Candidates: Sendable {
  private(set) var list: [Candidate] = []

  subscript(digest: Digest) -> Candidate? { list.first { $0.digest == digest } }

  mutating func insert(_ candidate: Candidate) {
    precondition(self[candidate.digest] == nil, "a candidate is inserted once")
    list.append(candidate)
  }

  mutating func update(_ digest: Digest, _ change: (inout Candidate) -> Void) {
    guard let index = list.firstIndex(where: { $0.digest == digest }) else { return }
    change(&list[index])
  }

  mutating func remove(_ digest: Digest) { list.removeAll { $0.digest == digest } }

  /// Drops what can no longer become final once this header is.
  mutating func removeSuperseded(by header: Header) {
    list.removeAll { $0.header.height <= header.height || $0.header.view <= header.view }
  }
}
