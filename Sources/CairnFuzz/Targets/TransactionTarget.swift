import CairnLedger

extension FuzzTarget {
  /// Signatures count as valid, so that inputs get to the rules.
  static let transaction = FuzzTarget(
    "transaction", "transactions: decoding, verification, and execution on a ledger", byteLimit: 60 << 10, isProtobuf: true,
    seeds: { FuzzWorld.shared.transactions }
  ) { input in
    let world = FuzzWorld.shared
    guard let transaction = try? Transaction(decoding: input, network: world.network) else { return false }
    try require(transaction.bytes == input, "what was accepted encodes to other bytes")
    let claims = Transaction.looksDefensive(input)
    try require(claims || !transaction.isDefensive, "of the defence lane, and does not look like it")
    _ = world.state.isClaimedDefence(transaction)
    guard let verified = try? TransactionVerifier(network: world.network, scheme: FuzzWorld.AnySignature()).verify(transaction) else {
      return true
    }
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    let wasApplied = (try? execution.apply(verified)) != nil
    let block = execution.finish()
    try require(wasApplied || block.rows.isEmpty, "a refused transaction left something behind")
    return true
  }

  static let accessRequest = FuzzTarget(
    "access", "requests for authorization, and their decision", byteLimit: 56 << 10, words: jsonWords, isProtobuf: true,
    seeds: { [FuzzWorld.shared.accessRequest.bytes] }
  ) { input in
    guard let request = try? AccessRequest(decoding: input) else { return false }
    try require(request.bytes == input, "what was accepted encodes to other bytes")
    let world = FuzzWorld.shared
    let moment = BlockMoment(height: world.state.height, milliseconds: world.state.timeMilliseconds)
    func decide() throws -> AccessDecision {
      var judge = AccessJudge(request, .none, over: AccessReader(ProvingRows(world.state)), network: world.network, at: moment)
      return try judge.decide()
    }
    let decision = try decide()
    try require(try decide() == decision, "decided twice, two decisions")
    try require(decision.cost <= ContractLimits.cost, "a decision costs more than a contract may")
    return true
  }
}
