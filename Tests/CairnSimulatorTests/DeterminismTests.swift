import CairnSimulator
import Foundation
import Testing

@Suite struct DeterminismTests {
  @Test("Two processes with different hash seeds give the same trace for the same seed", arguments: [3, 11] as [UInt64])
  func twoProcesses(_ seed: UInt64) throws {
    let traces = try (0..<2).map { _ in try Self.traceHash(seed) }
    #expect(traces[0] == traces[1])
    #expect(try Simulation(SimulationOptions(seed: seed)).run().traceHashText == traces[0])
    #expect(try Self.traceHash(seed + 1) != traces[0])
  }

  /// Of a run in a process of its own.
  private static func traceHash(_ seed: UInt64) throws -> String {
    struct Result: Decodable {
      let traceHash: String

      private enum CodingKeys: String, CodingKey { case traceHash = "trace_hash" }
    }
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    let process = Process()
    process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("cairn")
    process.arguments = ["simulate", "--seed", "\(seed)", "--json"]
    process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "SWIFT_DETERMINISTIC_HASHING" }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try JSONDecoder().decode(Result.self, from: data).traceHash
  }
}
