/// A media type with its parameters (RFC 9110, section 8.3.1), lower case.
struct MediaType: Hashable, CustomStringConvertible {
  let type: String
  let subtype: String
  /// `name="value"`; `nil` for none. No type here has more than one.
  var profile: String?

  init(_ type: String, _ subtype: String, profile: String? = nil) {
    (self.type, self.subtype, self.profile) = (type, subtype, profile)
  }

  var description: String { "\(type)/\(subtype)" + (profile.map { ";profile=\"\($0)\"" } ?? "") }

  /// A DID resolution result, of W3C DID Resolution.
  static let didResolution = MediaType("application", "did-resolution")
  /// The same under the name that resolvers used before.
  static let olderDIDResolution = MediaType("application", "ld+json", profile: "https://w3id.org/did-resolution")
  /// A DID URL dereferencing result.
  static let didURLDereferencing = MediaType("application", "did-url-dereferencing")
  /// A DID document, of DID 1.1.
  static let did = MediaType("application", "did")
  /// The names that DID 1.0 had for a document.
  static let didLinkedData = MediaType("application", "did+ld+json")
  static let didJSON = MediaType("application", "did+json")
  static let json = MediaType("application", "json")
  static let problem = MediaType("application", "problem+json")
  /// A credential of VC 2.0.
  static let credential = MediaType("application", "vc")
  /// Prometheus' text exposition format.
  static let metrics = MediaType("text", "plain; version=0.0.4; charset=utf-8")
  /// A Token Status List.
  static let statusListToken = MediaType("application", "statuslist+jwt")
}

/// The `Accept` header (RFC 9110, section 12.5.1).
struct Accept {
  /// More ranges than any client sends; the rest is not read.
  private static let rangeLimit = 32

  private struct Range {
    let type: Substring
    let subtype: Substring
    let profile: Substring?
    /// 0...1000.
    let quality: Int

    /// How closely it names a type, 1...4; `nil` when it does not.
    func precision(for media: MediaType) -> Int? {
      if type == "*" { return subtype == "*" ? 1 : nil }
      guard type == media.type else { return nil }
      if subtype == "*" { return 2 }
      guard subtype == media.subtype else { return nil }
      guard let profile else { return media.profile == nil ? 4 : nil }
      return profile == media.profile ?? "" ? 4 : nil
    }
  }

  private let ranges: [Range]

  /// - Parameter header: `nil` accepts everything. A range that is not well formed is not read.
  init(_ header: String?) {
    let text = header.map { $0.allSatisfy { $0 == " " } ? "*/*" : $0 } ?? "*/*"
    ranges = text.split(separator: ",").prefix(Self.rangeLimit).compactMap { Self.range($0) }
  }

  /// The best of what is offered, the first one where several are as good; `nil` when nothing is acceptable.
  func preferred<Offer>(of offers: [(MediaType, Offer)]) -> (MediaType, Offer)? {
    var best: (quality: Int, offer: (MediaType, Offer))?
    for offer in offers {
      let quality = quality(of: offer.0)
      if quality > best?.quality ?? 0 { best = (quality, offer) }
    }
    return best?.offer
  }

  private func quality(of media: MediaType) -> Int {
    var best: (precision: Int, quality: Int) = (0, 0)
    for range in ranges {
      guard let precision = range.precision(for: media), precision > best.precision else { continue }
      best = (precision, range.quality)
    }
    return best.quality
  }

  private static func range(_ text: Substring) -> Range? {
    let parts = text.lowercased().split(separator: ";").map(trimmed)
    guard let name = parts.first else { return nil }
    let names = name.split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy({ !$0.isEmpty }) else { return nil }
    var profile: Substring?
    var quality = 1000
    for parameter in parts.dropFirst() {
      let pair = parameter.split(separator: "=", maxSplits: 1).map(trimmed)
      guard pair.count == 2 else { continue }
      if pair[0] == "q" {
        guard let value = parsed(quality: pair[1]) else { return nil }
        quality = value
      } else if pair[0] == "profile" {
        profile = pair[1].drop { $0 == "\"" }.prefix { $0 != "\"" }
      }
    }
    return Range(type: names[0], subtype: names[1], profile: profile, quality: quality)
  }

  /// `0` or `1` with up to three decimals, in thousandths.
  private static func parsed(quality text: Substring) -> Int? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts[0] == "0" || parts[0] == "1" else { return nil }
    let decimals = parts.count == 2 ? parts[1] : ""
    guard decimals.utf8.count <= 3, decimals.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    let thousandths = Int(decimals + String(repeating: "0", count: 3 - decimals.utf8.count)) ?? 0
    let value = (parts[0] == "1" ? 1000 : 0) + thousandths
    return value <= 1000 ? value : nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let tail = text.drop { $0 == " " || $0 == "\t" }
    let count = tail.reversed().prefix { $0 == " " || $0 == "\t" }.count
    return tail.dropLast(count)
  }
}
