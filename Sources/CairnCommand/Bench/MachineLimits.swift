import CairnCrypto
import Foundation
import Synchronization

/// What this machine can do at most, measured beside the ledger so that its figures can be read as shares of these.
struct MachineLimits: Encodable, Sendable {
  let cpu: String
  let coreCount: Int
  let signatureChecksPerSecondOneCore: Double
  let signatureChecksPerSecondAllCores: Double
  let pointChecksPerSecondOneCore: Double
  let pointChecksPerSecondAllCores: Double
  let hashesPerSecondOneCore: Double
  let durableTransaction: Latency?
  let fileSync: Latency?
  let loopbackRoundTripP50Us: Double?

  /// - Parameter directory: on the file system that the nodes use.
  static func measure(directory: String) throws -> MachineLimits {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let message = [UInt8](repeating: 7, count: 300)
    let key = SigningKey.generate()
    let signature = key.signature(for: message)
    let check = { @Sendable in precondition(key.publicKey.isValid(signature, for: message), "a good signature is good") }
    let point = { @Sendable in precondition(key.publicKey.isValidPoint, "a generated key is a point") }
    let block = [UInt8](repeating: 3, count: 64)
    let disk = try DiskProbe.measure(in: directory)
    return MachineLimits(
      cpu: cpuModel, coreCount: cores,
      signatureChecksPerSecondOneCore: rate(cores: 1, check), signatureChecksPerSecondAllCores: rate(cores: cores, check),
      pointChecksPerSecondOneCore: rate(cores: 1, point), pointChecksPerSecondAllCores: rate(cores: cores, point),
      hashesPerSecondOneCore: rate(cores: 1) { _ = Digest.sha256(block) },
      durableTransaction: Latency(disk.transaction), fileSync: Latency(disk.sync),
      loopbackRoundTripP50Us: try LoopbackProbe.measure().quantile(0.5).map { Double($0) / 1e3 })
  }

  private static var cpuModel: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }

  private static let seconds = 0.5
  /// Calls between two looks at the clock.
  private static let burst = 64

  /// Calls per second on so many threads together.
  private static func rate(cores: Int, _ body: @escaping @Sendable () -> Void) -> Double {
    let rates = Mutex(0.0)
    DispatchQueue.concurrentPerform(iterations: cores) { _ in
      let clock = ContinuousClock()
      let start = clock.now
      var count = 0
      var elapsed = 0.0
      while elapsed < seconds {
        for _ in 0..<burst { body() }
        count += burst
        elapsed = start.duration(to: clock.now).seconds
      }
      rates.withLock { $0 += Double(count) / elapsed }
    }
    return rates.withLock { $0 }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
  var nanoseconds: UInt64 { UInt64(max(0, seconds * 1e9)) }
}
