/// Where a node serves a list: `<base>/status-lists/<did>/<name>`, and `<base>/status-lists/<did>/sessions/<digest>` for a batch
/// of sessions. A credential may name its list so, or by ``StatusListID/description``; the host carries no authority, because the
/// answer is proven.
extension StatusListID {
  private static let folder = "status-lists"
  private static let sessionsFolder = "sessions"

  /// - Parameter base: of the node, for example `https://node.example`; one slash at its end is ignored.
  public func url(base: String) -> String {
    let root = base.utf8.last == UInt8(ascii: "/") ? String(base.dropLast()) : base
    let place =
      switch kind {
      case .named(let name): name
      case .sessions(let root): "\(Self.sessionsFolder)/\(root)"
      }
    return "\(root)/\(Self.folder)/\(issuer)/\(place)"
  }

  /// - Parameter url: absolute, http or https, without query and fragment; the DID may be percent-encoded.
  public init(url: some StringProtocol) throws(StatusListIDError) {
    let bytes = Array(url.utf8.prefix(DID.byteLimit + 1))
    guard bytes.count <= DID.byteLimit else { throw .tooLong(limit: DID.byteLimit, actual: url.utf8.count) }
    let text = String(decoding: bytes, as: UTF8.self)
    let scheme = text.prefix { $0 != ":" }.lowercased()
    guard scheme == "https" || scheme == "http", text.dropFirst(scheme.count).hasPrefix("://"), URISyntax.isAbsolute(text) else {
      throw .notHTTP
    }
    guard !bytes.contains(UInt8(ascii: "?")), !bytes.contains(UInt8(ascii: "#")) else { throw .notBare }
    // The scheme and the host take the first three parts.
    let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst(3)
    if let (did, root) = Self.tail(of: parts, after: Self.folder, before: Self.sessionsFolder) {
      self = try Self.sessions(root, of: try Self.did(did))
    } else if let (did, name) = Self.tail(of: parts, after: Self.folder, before: nil) {
      self = try Self.named(name, of: try Self.did(did))
    } else {
      throw .wrongPath
    }
  }

  /// Reads either form.
  public init(reference text: some StringProtocol) throws(StatusListIDError) {
    self = text.utf8.starts(with: "did:".utf8) ? try StatusListID(parsing: text) : try StatusListID(url: text)
  }

  /// The last parts of a path when it ends in `folder/x/y`, or `folder/x/between/y`.
  private static func tail(
    of parts: ArraySlice<ArraySlice<UInt8>>, after folder: String, before between: String?
  ) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
    let tail = Array(parts.suffix(between == nil ? 3 : 4))
    guard tail.count == (between == nil ? 3 : 4), tail[0].elementsEqual(folder.utf8) else { return nil }
    if let between, !tail[2].elementsEqual(between.utf8) { return nil }
    return (tail[1], tail[tail.count - 1])
  }

  private static func did(_ segment: ArraySlice<UInt8>) throws(StatusListIDError) -> CairnDID {
    do { return try CairnDID(parsing: String(decoding: URISyntax.percentDecoded(segment), as: UTF8.self)) } catch { throw .did(error) }
  }
}
