/// What a refused peer is told, and what a refusing peer says: it ends up in logs and on terminals.
enum RefusalText {
  /// A sentence or two.
  static let maximumByteCount = 256

  /// Printable ASCII only, the rest replaced, so that nobody writes into another one's terminal or log.
  static func printable(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.prefix(maximumByteCount).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
