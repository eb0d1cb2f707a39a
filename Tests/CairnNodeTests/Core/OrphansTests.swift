import CairnCrypto
import CairnLedger
import CairnTestKit
import Testing

@testable import CairnNode

@Suite struct OrphansTests {
  @Test("Orphans are few, and the oldest make room") func limit() async throws {
    var orphans = Orphans()
    let transactions = try Transactions()
    let all = try (0..<Orphans.countLimit + 10).map { _ in try transactions.next() }
    for transaction in all { orphans.insert(transaction) }
    #expect(orphans.count == Orphans.countLimit)
    var seen: [Transaction] = []
    orphans.visit(changedKeys: Set(all.flatMap(\.value.relatedKeys))) {
      seen.append($0.value)
      return .drop
    }
    #expect(seen == all.dropFirst(10).map(\.value))
    #expect(orphans.isEmpty && orphans.byteCount == 0)
  }

  @Test("An orphan is not kept for ever") func attempts() async throws {
    var orphans = Orphans()
    orphans.insert(try Transactions().next())
    var visits = 0
    while !orphans.isEmpty, visits < 1000 {
      orphans.visit(changedKeys: []) { _ in .wait }
      visits += 1
    }
    #expect(visits == Orphans.attemptLimit + 1)
  }

  @Test("An orphan is looked at when a row that it is about has changed, and once more at the end") func changes() async throws {
    let transactions = try Transactions()
    var orphans = Orphans()
    let (one, other) = (try transactions.orphan(), try transactions.orphan())
    orphans.insert(one)
    orphans.insert(other)
    var seen: [Transaction] = []
    func move(_ keys: [Digest]) {
      orphans.visit(changedKeys: Set(keys)) {
        seen.append($0.value)
        return .wait
      }
    }
    move([.zero])
    #expect(seen.isEmpty)
    move([one.value.submitter.stateKey])
    move(other.value.operations.map(\.stateKey))
    #expect(seen == [one.value, other.value])
    for _ in 3..<Orphans.attemptLimit - 1 { move([]) }
    #expect(seen.count == 2)
    move([])
    #expect(seen.suffix(2) == [one.value, other.value])
    move([])
    #expect(orphans.isEmpty)
  }

  @Test("Whoever waits about a changed row is found, and so is who has waited too long") func waitingAbout() async throws {
    let transactions = try Transactions()
    var mempool = Mempool()
    let (first, second) = (try transactions.next(), try transactions.next(notAfter: 50))
    try mempool.insert(first)
    try mempool.insert(second, isDefence: true)
    let keys = Set(first.value.operations.map(\.stateKey))
    #expect(mempool.waiting(about: keys.union([.zero]), limit: 9).map(\.value) == [first.value])
    let both = keys.union(second.value.operations.map(\.stateKey))
    #expect(mempool.waiting(about: both, limit: 9).count == 2 && mempool.waiting(about: both, limit: 1).count == 1)
    #expect(mempool.expired(height: 49).isEmpty)
    #expect(mempool.expired(height: 50).map(\.value) == [second.value])
    mempool.remove(id: second.value.id)
    #expect(mempool.expired(height: 99).isEmpty)
    #expect(mempool.expired(height: 100).map(\.value) == [first.value])
    mempool.remove(id: first.value.id)
    #expect(mempool.waiting(about: keys, limit: 9).isEmpty && mempool.isEmpty)
  }

  @Test("What waits longest in the mempool comes first, and what is removed is gone for good") func mempoolOrder() async throws {
    var mempool = Mempool(limits: Mempool.Limits(count: 3, byteCount: 1 << 20, countPerSubmitter: 2))
    let transactions = try Transactions()
    let (first, second, third) = (try transactions.next(), try transactions.next(), try transactions.next())
    try mempool.insert(first)
    #expect(throws: Mempool.Rejection.pending) { try mempool.insert(first) }
    try mempool.insert(second)
    #expect(throws: Mempool.Rejection.submitterFull) { try mempool.insert(third) }
    mempool.remove(id: first.value.id)
    try mempool.insert(third)
    var seen: [Transaction] = []
    mempool.visit {
      seen.append($0.value)
      return true
    }
    #expect(seen == [second.value, third.value])
    #expect(mempool[id: second.value.id]?.value == second.value && mempool[id: first.value.id] == nil)
    #expect(mempool.byteCount == second.value.bytes.count + third.value.bytes.count)
  }
}
