import ArgumentParser
import CairnChain
import CairnClient
import CairnIdentity
import Foundation
import NIOCore

/// What a command trusts.
struct TrustOptions: ParsableArguments {
  static let anchorEnvironmentName = "CAIRN_ANCHOR"

  @Option(help: "The trust anchor file; otherwise the environment's CAIRN_ANCHOR.", completion: .file(extensions: ["json"]))
  var anchor: String?

  func trustAnchor() throws(CommandFailure) -> TrustAnchor {
    guard let path = anchor ?? ProcessInfo.processInfo.environment[Self.anchorEnvironmentName] else {
      throw .usage("no_anchor", "There is no trust anchor: give --anchor FILE, or set \(Self.anchorEnvironmentName).")
    }
    let bytes = try Files.read(path, "trust anchor", limit: 1 << 20)
    do { return try TrustAnchor(decoding: bytes) } catch {
      throw .refused("invalid_anchor", "\(path) is not a trust anchor (\(error.reason)): get it again from whoever gave it to you.")
    }
  }
}

/// Whom a command asks, and what it trusts.
struct ClientOptions: ParsableArguments {
  static let endpointEnvironmentName = "CAIRN_ENDPOINT"

  @OptionGroup var trust: TrustOptions

  @Option(
    name: .customLong("endpoint"),
    help: ArgumentHelp(
      """
      A node to ask: NAME, HOST:PORT, or NAME=HOST:PORT for a validator at another address than the anchor's; several times for \
      several; otherwise the environment's CAIRN_ENDPOINT, or any validator of the anchor.
      """, valueName: "endpoint"))
  var endpoints: [String] = []

  @Option(help: ArgumentHelp("Give up after so many seconds.", valueName: "seconds")) var timeout: Int64 = 30

  @Option(help: ArgumentHelp("How old the newest block of an answer may be.", valueName: "seconds")) var maxStaleness: UInt64 = 15

  func validate() throws {
    guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout is from 1 to 86400 seconds.") }
    guard (1...86_400 * 365).contains(maxStaleness) else { throw ValidationError("--max-staleness is from 1 second to a year.") }
  }

  func client() throws(CommandFailure) -> CairnClient {
    let environment = ProcessInfo.processInfo.environment
    let trusted = try trust.trustAnchor()
    let named =
      endpoints.isEmpty ? environment[Self.endpointEnvironmentName].map { $0.split(separator: ",").map(String.init) } ?? [] : endpoints
    do {
      return try CairnClient(to: named.map { Self.endpoint($0, trusted) }, trusting: .anchor(trusted), options: options)
    } catch {
      throw ClientSentence.failure(error)
    }
  }

  private var options: CairnClient.Options {
    var options = CairnClient.Options()
    options.maximumStalenessMilliseconds = maxStaleness * 1_000
    options.readTimeout = .seconds(timeout)
    options.submitTimeout = .seconds(timeout)
    options.agent = "cairn/\(Version.product)"
    return options
  }

  static func endpoint(_ text: String, _ anchor: TrustAnchor) -> Endpoint {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    if parts.count == 2 { return Endpoint(validator: parts[0], at: parts[1]) }
    return text.contains(":") ? Endpoint(text) : Endpoint(validator: text)
  }
}

/// Runs a body with a client, and closes it.
func withClient<Result>(
  _ options: ClientOptions, _ body: (CairnClient) async throws -> Result
) async throws -> Result {
  let client = try options.client()
  do {
    let result = try await body(client)
    await client.close()
    return result
  } catch {
    await client.close()
    if let error = error as? CairnError { throw ClientSentence.failure(error) }
    throw error
  }
}

/// What went wrong with a client's request, for people.
enum ClientSentence {
  static func failure(_ error: CairnError) -> CommandFailure {
    let status: CommandFailure.Status =
      switch error {
      case .noAnswer(let failures) where failures.contains { $0.problem.isDishonest }: .refused
      case .noAnswer, .undecided, .cancelled, .closed: .unreachable
      case .invalidDID, .invalidEndpoint, .unreadableAnchor: .usage
      default: .refused
      }
    return CommandFailure(status: status, reason: error.reason, description: error.description)
  }
}
