public import CairnLedger
import NIOCore

extension CairnClient {
  /// Bytes of one answer, which has the transactions again, each with its proof: three quarters of the 1 MiB that messages may have.
  private static let answerByteLimit = 768 << 10
  /// A header with its certificate of 21 signatures, and a path of 40 hashes.
  private static let receiptByteCount = 4 << 10
  /// Requests of one batch that are on their way at a time.
  private static let requestsInFlight = 4

  /// Submits a transaction and returns when it is final.
  ///
  /// When a connection breaks, another endpoint is asked; the ledger accepts a transaction once, however often it comes.
  ///
  /// - Throws: ``CairnError/refused(_:)`` with the ledger's reason; ``CairnError/undecided(transactions:_:)`` when the outcome is
  ///   not known in time.
  public func submit(_ transaction: Transaction) async throws(CairnError) -> Receipt {
    switch try await submit([transaction])[0] {
    case .final(let receipt): return receipt
    case .refused(let refusal): throw .refused(refusal)
    case .undecided(let failures):
      guard failures.contains(where: \.problem.mayHaveActed) else { throw .noAnswer(failures) }
      throw .undecided(transactions: [transaction.id], failures)
    case .accepted: throw .undecided(transactions: [transaction.id], [])
    }
  }

  /// Submits any number of transactions, which succeed or fail one by one and may become final in any order.
  ///
  /// - Returns: the outcomes, in the order of the transactions.
  public func submit(_ transactions: [Transaction], wait: SubmitWait = .final) async throws(CairnError) -> [SubmitOutcome] {
    try checkUsable()
    let end = options.clock.uptime() + options.submitTimeout
    let requests = Self.requests(transactions)
    var outcomes = [SubmitOutcome](repeating: .undecided([]), count: transactions.count)
    await withTaskGroup(of: (Range<Int>, [SubmitOutcome]).self) { group in
      var waiting = requests[...]
      func start() {
        guard let request = waiting.popFirst() else { return }
        let part = Array(transactions[request])
        group.addTask { [self] in (request, await submit(part, wait: wait, until: end)) }
      }
      for _ in 0..<Self.requestsInFlight { start() }
      for await (request, part) in group {
        outcomes.replaceSubrange(request, with: part)
        start()
      }
    }
    try checkUsable()
    for (transaction, outcome) in zip(transactions, outcomes) {
      guard case .final = outcome else { continue }
      for did in transaction.operations.compactMap(\.did) { cache.remove(did) }
    }
    return outcomes
  }

  /// One request, and again for what is not decided.
  private func submit(_ transactions: [Transaction], wait: SubmitWait, until end: NIODeadline) async -> [SubmitOutcome] {
    var outcomes = [SubmitOutcome](repeating: .undecided([]), count: transactions.count)
    var pending = Array(transactions.indices)
    var round = 0
    while !pending.isEmpty {
      let left = end - options.clock.uptime()
      guard left > .zero else { break }
      let patience = Patience(attempt: options.submitAttemptTimeout, total: left, persists: true)
      let answers: [SubmitOutcome]
      do throws(CairnError) {
        answers = try await ask(.submit(pending.map { transactions[$0] }, wait: wait), patience: patience).0
      } catch {
        for index in pending { outcomes[index] = Self.outcome(of: error) }
        break
      }
      var busy: [EndpointProblem] = []
      for (index, answer) in zip(pending, answers) {
        outcomes[index] = answer
        if case .refused(let refusal) = answer, refusal.isAboutNode { busy.append(.unavailable(refusal)) }
      }
      pending = zip(pending, answers).filter { $0.1.isAboutNode }.map(\.0)
      guard !pending.isEmpty, let pause = Self.pause(after: busy, round: round, patience), options.clock.uptime() + pause < end else {
        break
      }
      round += 1
      do { try await options.clock.sleep(pause) } catch { break }
    }
    return outcomes
  }

  private static func outcome(of error: CairnError) -> SubmitOutcome {
    switch error {
    case .refused(let refusal): .refused(refusal)
    case .noAnswer(let failures): .undecided(failures)
    default: .undecided([])
    }
  }

  /// Ranges that fit a request and its answer.
  static func requests(_ transactions: [Transaction]) -> [Range<Int>] {
    var requests: [Range<Int>] = []
    var (start, byteCount) = (0, 0)
    for (index, transaction) in transactions.enumerated() {
      let cost = transaction.bytes.count + receiptByteCount
      if byteCount + cost > answerByteLimit, index > start {
        requests.append(start..<index)
        (start, byteCount) = (index, 0)
      }
      byteCount += cost
    }
    if start < transactions.count { requests.append(start..<transactions.count) }
    return requests
  }
}

extension SubmitOutcome {
  fileprivate var isAboutNode: Bool {
    if case .refused(let refusal) = self { refusal.isAboutNode } else { false }
  }
}
