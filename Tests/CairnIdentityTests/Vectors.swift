import CairnCrypto
import CairnIdentity
import Foundation
import Testing

/// Third parties' test vectors: the folder that the environment variable CAIRN_VECTORS names.
enum Vectors {
  static let folder = ProcessInfo.processInfo.environment["CAIRN_VECTORS"]
  static let areMissing: Bool = folder == nil

  struct Missing: Error {}

  static func bytes(_ path: String) throws -> [UInt8] {
    guard let folder else { throw Missing() }
    return Array(try Data(contentsOf: URL(fileURLWithPath: folder).appendingPathComponent(path)))
  }

  static func json(_ path: String) throws -> JSON { try JSON(parsing: try bytes(path)) }
}

extension JSON {
  /// The value of a text.
  init(text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func bytes(hex: String) throws -> [UInt8] { try #require(Hex.decode(hex)) }
