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
    orphans.visit {
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
      orphans.visit { _ in .wait }
      visits += 1
    }
    #expect(visits == Orphans.attemptLimit + 1)
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
