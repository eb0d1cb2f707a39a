import CairnCrypto
import Foundation
import Testing

/// Third parties' test vectors: the folder that the environment variable CAIRN_VECTORS names.
enum Vectors {
  static let folder = ProcessInfo.processInfo.environment["CAIRN_VECTORS"]
  static let areMissing: Bool = folder == nil

  struct Missing: Error {}

  static func decode<Content: Decodable>(_ type: Content.Type, _ path: String) throws -> Content {
    guard let folder else { throw Missing() }
    return try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: folder).appendingPathComponent(path)))
  }
}

func bytes(hex: String) throws -> [UInt8] { try #require(Hex.decode(hex)) }
