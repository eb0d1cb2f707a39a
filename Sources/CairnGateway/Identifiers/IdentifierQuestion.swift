import CairnCrypto
import CairnIdentity

/// What a request for an identifier asks.
struct IdentifierQuestion {
  /// The longest DID URL, and options, with every byte percent-encoded.
  static let targetByteLimit = 3 * 2 * DID.byteLimit

  let did: CairnDID
  let options: ResolutionOptions
  /// Without the number sign; the resource is then a part of the document.
  let fragment: String?

  /// - Parameters:
  ///   - identifier: what follows `/1.0/identifiers/` in the path, as it came.
  ///   - query: of the request target, as it came. It is part of a DID URL that was not percent-encoded, and otherwise has the
  ///     options (W3C DID Resolution, section "HTTP(S) Binding").
  ///   - network: whose DIDs exist here.
  init(identifier: Substring, query: Substring?, network: Digest) throws(ResolutionProblem) {
    guard let text = PercentEncoding.decode(identifier) else {
      throw ResolutionProblem(.invalidDID, "bad_percent_encoding", "The identifier is not percent-encoded UTF-8: encode each byte once.")
    }
    let isRaw = identifier.hasPrefix("did:")
    let url = try Self.url(isRaw ? text + (query.map { "?" + $0 } ?? "") : text)
    guard url.did.method == CairnDID.method else { throw .methodNotCairn }
    did = try Self.did(url, network)
    var parameters = url.parameters.map { ResolutionOptions.Parameter(name: $0.name, value: $0.value) }
    if !isRaw, let query { parameters += try Self.parameters(query) }
    options = try ResolutionOptions(parameters)
    guard url.path.isEmpty else {
      throw ResolutionProblem(.notFound, "no_such_path", "DIDs of the method cairn have no paths: leave \(url.path) out.")
    }
    fragment = url.fragment
  }

  private static func url(_ text: String) throws(ResolutionProblem) -> DIDURL {
    do throws(DIDError) { return try DIDURL(parsing: text) } catch {
      throw ResolutionProblem(error, isURL: text.utf8.contains { [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) })
    }
  }

  private static func did(_ url: DIDURL, _ network: Digest) throws(ResolutionProblem) -> CairnDID {
    let did: CairnDID
    do throws(DIDError) { did = try CairnDID(parsing: url.did.description) } catch {
      throw ResolutionProblem(error, isURL: url.description != url.did.description)
    }
    guard did.isOf(network: network) else {
      throw ResolutionProblem(
        .notFound, "wrong_network",
        "The DID is of another network, this one's start with did:cairn:\(CairnDID.networkPrefix(of: network)): ask a node of that network."
      )
    }
    return did
  }

  /// By the rules that DID URLs have for theirs; a name that is there twice is the options' affair.
  private static func parameters(_ query: Substring) throws(ResolutionProblem) -> [ResolutionOptions.Parameter] {
    var parameters: [ResolutionOptions.Parameter] = []
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentEncoding.decode(parts[0]), let value = parts.count == 2 ? PercentEncoding.decode(parts[1]) : "" else {
        throw ResolutionProblem(
          .invalidOptions, "bad_percent_encoding", "The options are not percent-encoded UTF-8: encode each byte once.")
      }
      parameters.append(ResolutionOptions.Parameter(name: name, value: value))
    }
    return parameters
  }
}
