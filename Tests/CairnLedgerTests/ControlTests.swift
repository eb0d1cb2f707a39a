import CairnCrypto
import CairnIdentity
import CairnLedger
import Testing

@Suite struct ControlTests {
  private let one = key(1).publicKey
  private let two = Control.nextDigest(of: key(2).publicKey)

  private func digests(_ range: Range<Int>) -> [WeightedDigest] {
    range.map { WeightedDigest(Control.nextDigest(of: key($0).publicKey)) }
  }

  @Test("The digest of a next key is the hash of domain, zero and key") func nextDigest() {
    #expect(two == .sha256(Array("cairn/next-key/v1\u{0}".utf8) + key(2).publicKey.bytes))
  }

  @Test("Thresholds from one to the sum of the weights are reachable") func thresholds() throws {
    let keys = [WeightedKey(one, weight: 2), WeightedKey(key(3).publicKey, weight: 3)]
    for threshold: UInt32 in [1, 5] {
      #expect(try Control(update: keys, updateThreshold: threshold, next: [WeightedDigest(two)]).updateThreshold == threshold)
    }
    for threshold: UInt32 in [0, 6] {
      #expect(throws: ControlError.unreachableThreshold(.update)) {
        try Control(update: keys, updateThreshold: threshold, next: [WeightedDigest(two)])
      }
      #expect(throws: ControlError.unreachableThreshold(.next)) {
        try Control(update: keys, next: [WeightedDigest(two, weight: 5)], nextThreshold: threshold)
      }
      #expect(throws: ControlError.unreachableThreshold(.recovery)) {
        try Control(
          update: keys, next: [WeightedDigest(two)], recovery: [WeightedDigest(two, weight: 5)], recoveryThreshold: threshold)
      }
    }
  }

  @Test("The largest weights are summed without overflow") func largeWeights() throws {
    let keys = (1...16).map { WeightedKey(key($0).publicKey, weight: .max) }
    #expect(try Control(update: keys, updateThreshold: .max, next: [WeightedDigest(two, weight: .max)]).update.count == 16)
  }

  @Test("A list may not be empty, but recovery") func emptyLists() throws {
    #expect(throws: ControlError.noKeys(.update)) { try Control(update: [], next: [WeightedDigest(two)]) }
    #expect(throws: ControlError.noKeys(.next)) { try Control(update: [WeightedKey(one)], next: []) }
    #expect(throws: ControlError.unreachableThreshold(.recovery)) {
      try Control(update: [WeightedKey(one)], next: [WeightedDigest(two)], recoveryThreshold: 1)
    }
    #expect(try Control(update: one, next: key(2).publicKey).recovery.isEmpty)
  }

  @Test("A list has at most sixteen keys") func tooMany() throws {
    #expect(try Control(update: [WeightedKey(one)], next: digests(0..<16)).next.count == 16)
    #expect(throws: ControlError.tooManyKeys(.next)) { try Control(update: [WeightedKey(one)], next: digests(0..<17)) }
    #expect(throws: ControlError.tooManyKeys(.update)) {
      try Control(update: (0..<17).map { WeightedKey(key($0).publicKey) }, next: [WeightedDigest(two)])
    }
    #expect(throws: ControlError.tooManyKeys(.recovery)) {
      try Control(update: [WeightedKey(one)], next: [WeightedDigest(two)], recovery: digests(0..<17), recoveryThreshold: 1)
    }
  }

  @Test("A key counts once and weighs something") func duplicatesAndWeights() {
    #expect(throws: ControlError.duplicateKey(.update)) {
      try Control(update: [WeightedKey(one), WeightedKey(one, weight: 2)], next: [WeightedDigest(two)])
    }
    #expect(throws: ControlError.duplicateKey(.next)) {
      try Control(update: [WeightedKey(one)], next: [WeightedDigest(two), WeightedDigest(two)])
    }
    #expect(throws: ControlError.zeroWeight(.update)) { try Control(update: [WeightedKey(one, weight: 0)], next: [WeightedDigest(two)]) }
  }

  @Test("Every reason is a name of its own") func reasons() {
    let errors =
      KeyList.allCases.flatMap { list in
        [
          ControlError.noKeys(list), .tooManyKeys(list), .invalidKey(list), .duplicateKey(list), .zeroWeight(list),
          .unreachableThreshold(list),
        ]
      } + [.invalidController(.noScheme), .foreignController, .ownController]
    #expect(Set(errors.map(\.reason)).count == errors.count)
    #expect(errors.allSatisfy { $0.reason.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f } })
  }
}
