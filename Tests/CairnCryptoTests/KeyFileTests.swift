import CairnCrypto
import Testing

@Suite struct KeyFileTests {
  private let keys = [("consensus", SigningKey.generate()), ("node", SigningKey.generate())].map { (name: $0.0, key: $0.1) }
  private let passphrase = Array("correct horse".utf8)

  @Test("Keys come back under the same passphrase") func roundTrip() throws {
    let file = try KeyFile(encrypting: keys, passphrase: passphrase, hashing: .minimal)
    let read = try KeyFile(decoding: file.bytes)
    #expect(read.entries.map(\.name) == ["consensus", "node"])
    #expect(read.entries.map(\.publicKey) == keys.map(\.key.publicKey))
    #expect(try read.decrypt(passphrase: passphrase).map(\.key.seed) == keys.map(\.key.seed))
  }

  @Test("No seed stands in the file") func encrypted() throws {
    let text = String(decoding: try KeyFile(encrypting: keys, passphrase: passphrase, hashing: .minimal).bytes, as: UTF8.self)
    for (_, key) in keys { #expect(!text.contains(Hex.encode(key.seed))) }
  }

  @Test("A wrong passphrase is refused") func wrongPassphrase() throws {
    let file = try KeyFile(encrypting: keys, passphrase: passphrase, hashing: .minimal)
    #expect(throws: KeyFileError.wrongPassphrase) { try file.decrypt(passphrase: Array("wrong".utf8)) }
    #expect(throws: KeyFileError.wrongPassphrase) { try file.decrypt(passphrase: []) }
  }

  @Test("A renamed key is noticed") func renamed() throws {
    let file = try KeyFile(encrypting: keys, passphrase: passphrase, hashing: .minimal)
    let changed = String(decoding: file.bytes, as: UTF8.self).replacing("\"consensus\"", with: "\"other\"")
    #expect(throws: KeyFileError.wrongPassphrase) { try KeyFile(decoding: Array(changed.utf8)).decrypt(passphrase: passphrase) }
  }

  @Test("A file cannot ask for unbounded memory") func hostileCost() throws {
    let file = try KeyFile(encrypting: keys, passphrase: passphrase, hashing: .minimal)
    let changed = String(decoding: file.bytes, as: UTF8.self).replacing("\"memoryBytes\" : 8192", with: "\"memoryBytes\" : 1099511627776")
    #expect(changed.contains("1099511627776"))
    #expect(throws: KeyFileError.malformed) { try KeyFile(decoding: Array(changed.utf8)).decrypt(passphrase: passphrase) }
  }

  @Test("Anything else is malformed", arguments: ["", "{}", "[1,2", "{\"version\":1}"]) func garbage(text: String) {
    #expect(throws: KeyFileError.malformed) { try KeyFile(decoding: Array(text.utf8)) }
  }
}
