import CairnClient
import CairnNetwork

extension BenchRun {
  mutating func runReads() async throws {
    let cluster = cluster
    let node = cluster.nodes[0]
    let dids = fleet.agents.map(\.did)
    let verifier = AnswerVerifier(anchor: cluster.anchor)
    let time = 0.3 * seconds
    announce("resolutions, pipelined")
    for inFlight in [1, Self.readsInFlight] {
      let connection = try await cluster.connections(to: [node])[0]
      try await read("Cairn RPC, \(inFlight) in flight", node, inFlight: inFlight, seconds: time) { meter in
        await PipelinedReads(dids, over: connection, meter).run(inFlight: inFlight)
      }
      await connection.close()
    }
    announce("resolutions, streamed")
    let connection = try await cluster.connect(to: node)
    try await read("Cairn RPC, ResolveMany stream", node, inFlight: nil, seconds: time) { meter in
      try await StreamedReads(dids: dids, verifier: verifier, meter: meter).run(over: connection)
    }
    await connection.close()
    announce("resolutions over gRPC")
    for isVerifying in [true, false] {
      try await read("gRPC, \(Self.readsInFlight) in flight", node, inFlight: Self.readsInFlight, isVerified: isVerifying, seconds: time) {
        meter in
        try await cluster.withGRPC(to: node) { client in
          try await GRPCReads(dids: dids, verifier: verifier, isVerifying: isVerifying, meter: meter)
            .run(client, inFlight: Self.readsInFlight)
        }
      }
    }
  }

  private mutating func read(
    _ name: String, _ node: DevnetNode, inFlight: Int?, isVerified: Bool = true, seconds: Double, _ load: (ReadMeter) async throws -> Void
  ) async throws {
    report.reads.append(
      try await measure(name, node, inFlight: inFlight, isVerified: isVerified, seconds: seconds, load))
    try Task.checkCancellation()
  }

  mutating func measure(
    _ name: String, _ node: DevnetNode, inFlight: Int?, isVerified: Bool = true, seconds: Double, _ load: (ReadMeter) async throws -> Void
  ) async throws -> ReadFigures {
    let before = CPUTimes(nodes: [node])
    let result = try await ReadMeter.measure(seconds: seconds, load)
    let used = CPUTimes(nodes: [node]).since(before)
    report.dishonestCount += result.dishonestCount
    let count = result.latency.count
    let each = 1e6 / Double(max(count, 1))
    let rate = Double(count) / max(result.seconds, .leastNonzeroMagnitude)
    return ReadFigures(
      name: name, isVerified: isVerified, inFlight: inFlight, seconds: result.seconds, count: count, perSecond: rate,
      latency: Latency(result.latency),
      answerBytes: result.answerByteCount == 0 ? nil : Double(result.answerByteCount) / Double(max(count, 1)),
      failures: result.failures, nodeCpuUs: used.nodes * each, clientCpuUs: used.client * each,
      perSignatureCheck: rate / limits.signatureChecksPerSecondOneCore)
  }
}
