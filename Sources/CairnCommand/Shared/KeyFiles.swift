import ArgumentParser
import CairnCrypto
import CairnIdentity
import Foundation

/// Key files on disk: mode 0600, never overwritten.
enum KeyFiles {
  static let mode: mode_t = 0o600

  static func load(_ path: String) throws(CommandFailure) -> KeyFile {
    let bytes = try Files.read(path, "key file", limit: KeyFile.byteLimit + 1)
    do { return try KeyFile(decoding: bytes) } catch { throw failure(error, path) }
  }

  static func decrypt(_ file: KeyFile, at path: String, passphrase: [UInt8]) throws(CommandFailure) -> [(name: String, key: SigningKey)] {
    do { return try file.decrypt(passphrase: passphrase) } catch { throw failure(error, path) }
  }

  static func encrypt(
    _ keys: [(name: String, key: SigningKey)], passphrase: [UInt8], hashing: PassphraseHashing, for path: String
  ) throws(CommandFailure) -> KeyFile {
    do { return try KeyFile(encrypting: keys, passphrase: passphrase, hashing: hashing) } catch { throw failure(error, path) }
  }

  static func create(_ path: String, _ file: KeyFile) throws(CommandFailure) {
    try Files.create(path, "key file", file.bytes, mode: mode)
  }

  /// Before work is put into a file that could not be made.
  static func requireAbsent(_ path: String) throws(CommandFailure) {
    if Files.exists(path) {
      throw .refused("file_exists", "The key file \(path) exists already and is not overwritten: choose another path, or move it away.")
    }
  }

  /// Names go into files and onto terminals: letters, digits and a few marks.
  static func checkName(_ name: String) throws(CommandFailure) {
    let isAllowed = { (byte: UInt8) in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_.#".utf8.contains(byte)
    }
    guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(isAllowed) else {
      throw .usage("bad_key_name", "\(name) cannot be the name of a key: use up to 128 letters, digits, '-', '_', '.' and '#'.")
    }
  }

  static func failure(_ error: KeyFileError, _ path: String) -> CommandFailure {
    switch error {
    case .tooLong: .refused(error.reason, "The key file \(path) has more keys than one file may hold.")
    case .malformed: .refused(error.reason, "\(path) is not a key file, or it is damaged: restore it from a copy.")
    case .unknownVersion: .refused(error.reason, "The key file \(path) was made by a newer version of this program: use that one.")
    case .wrongPassphrase:
      .refused(error.reason, "The passphrase does not open \(path): it is the wrong one, or the file was changed.")
    case .outOfMemory: .refused(error.reason, "There is not enough memory to derive the key of \(path): free some and try again.")
    }
  }
}

/// How hard new key files make a guess.
struct HashingOptions: ParsableArguments {
  @Flag(
    name: .customLong("insecure-devnet-hashing"),
    help: "Hash the passphrase at no cost: for throw-away clusters, whose passphrase lies beside the file.")
  var isMinimal = false

  var hashing: PassphraseHashing { isMinimal ? .minimal : .standard }
}

/// What may be shown of a key.
struct ShownKey: Encodable {
  let name: String
  /// Hexadecimal.
  let publicKey: String
  /// Multikey, as in DID documents and `did:key`.
  let multibase: String

  init(_ entry: KeyFile.Entry) {
    name = entry.name
    publicKey = entry.publicKey.description
    multibase = Multikey(entry.publicKey).multibase
  }
}
