package import CairnCrypto

/// Who leads which view: round robin over a permutation that nobody could choose.
///
/// The permutation is a Fisher–Yates shuffle of 0..<n: for `last` from n-1 down to 1, positions `last` and `draw mod (last+1)` are
/// exchanged. The draws are the first eight bytes, big-endian, of H("cairn/leader/v1" || 0x00 || genesis digest || counter u64be)
/// for counter 0, 1, ...; a draw at or above the highest multiple of `last+1` is passed over, so that no position is favoured.
public struct LeaderSchedule: Hashable, Sendable {
  static let domain = Domain("cairn/leader/v1")

  /// The validators in the order in which they lead.
  public let order: [Int]
  private let epoch: UInt64

  package init(genesis: Digest, epoch: UInt64, validatorCount: Int) {
    precondition(validatorCount > 0, "a validator set is never empty")
    var order = Array(0..<validatorCount)
    var counter: UInt64 = 0
    for last in stride(from: validatorCount - 1, to: 0, by: -1) {
      order.swapAt(last, Self.draw(below: UInt64(last + 1), seed: genesis, counter: &counter))
    }
    self.order = order
    self.epoch = epoch
  }

  /// `order[(epoch + view) mod n]`.
  public func leader(of view: UInt64) -> Int {
    let count = UInt64(order.count)
    return order[Int((epoch % count + view % count) % count)]
  }

  private static func draw(below bound: UInt64, seed: Digest, counter: inout UInt64) -> Int {
    let limit = UInt64.max - UInt64.max % bound
    while true {
      let bytes = seed.bytes + (0..<8).map { UInt8(truncatingIfNeeded: counter >> UInt64(56 - 8 * $0)) }
      counter += 1
      let value = Digest.sha256(domain, bytes).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      if value < limit { return Int(value % bound) }
    }
  }
}
