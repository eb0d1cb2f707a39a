/// A DID URL by the grammar of DID 1.1, section 3.2: a DID, a path, a query and a fragment, the last three optional.
public struct DIDURL: Hashable, Sendable, CustomStringConvertible {
  /// A query parameter, percent-decoded; a parameter without `=` has an empty value.
  public struct Parameter: Hashable, Sendable {
    public let name: String
    public let value: String
  }

  public let did: DID
  /// Empty, or starting with a slash; as written.
  public let path: String
  /// Without the question mark; as written.
  public let query: String?
  /// Without the number sign; as written.
  public let fragment: String?
  /// The query's parameters in order; no name occurs twice.
  public let parameters: [Parameter]

  public init(parsing text: some StringProtocol) throws(DIDError) {
    let bytes = Array(text.utf8.prefix(DID.byteLimit + 1))
    guard bytes.count <= DID.byteLimit else { throw .tooLong(limit: DID.byteLimit, actual: text.utf8.count) }
    let (head, fragment) = Self.split(bytes[...], at: UInt8(ascii: "#"))
    let (hierarchy, query) = Self.split(head, at: UInt8(ascii: "?"))
    let pathStart = hierarchy.firstIndex(of: UInt8(ascii: "/")) ?? hierarchy.endIndex
    did = try DID(parsing: String(decoding: hierarchy[..<pathStart], as: UTF8.self))
    guard URISyntax.isComponent(hierarchy[pathStart...], also: "/:@") else { throw .invalidPath }
    guard query.map({ URISyntax.isComponent($0, also: "/?:@") }) != false else { throw .invalidQuery }
    guard fragment.map({ URISyntax.isComponent($0, also: "/?:@") }) != false else { throw .invalidFragment }
    path = String(decoding: hierarchy[pathStart...], as: UTF8.self)
    self.query = query.map { String(decoding: $0, as: UTF8.self) }
    self.fragment = fragment.map { String(decoding: $0, as: UTF8.self) }
    parameters = try query.map(Self.parameters) ?? []
  }

  public var description: String {
    did.description + path + (query.map { "?" + $0 } ?? "") + (fragment.map { "#" + $0 } ?? "")
  }

  /// The value of a query parameter, `nil` when it is absent.
  public func parameter(_ name: String) -> String? { parameters.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }

  private static func split(_ bytes: ArraySlice<UInt8>, at separator: UInt8) -> (ArraySlice<UInt8>, ArraySlice<UInt8>?) {
    guard let index = bytes.firstIndex(of: separator) else { return (bytes, nil) }
    return (bytes[..<index], bytes[(index + 1)...])
  }

  /// Names are compared after decoding: `versionId` and `%76ersionId` are one parameter.
  private static func parameters(_ query: ArraySlice<UInt8>) throws(DIDError) -> [Parameter] {
    var parameters: [Parameter] = []
    var names: Set<[UInt8]> = []
    for pair in query.split(separator: UInt8(ascii: "&")) {
      let (rawName, rawValue) = split(pair, at: UInt8(ascii: "="))
      guard let name = String(validating: URISyntax.percentDecoded(rawName), as: UTF8.self),
        let value = String(validating: URISyntax.percentDecoded(rawValue ?? []), as: UTF8.self)
      else { throw .invalidQuery }
      guard names.insert(Array(name.utf8)).inserted else { throw .duplicateParameter(name) }
      parameters.append(Parameter(name: name, value: value))
    }
    return parameters
  }
}
