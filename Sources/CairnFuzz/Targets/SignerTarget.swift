import CairnChain
import CairnCrypto
import CairnSigner

extension FuzzTarget {
  /// The first two bytes of an input are the frame's code.
  static let signerMessage = FuzzTarget(
    "signer-message", "what a node and its signer say to each other", byteLimit: 512,
    seeds: {
      let statements: [Statement] = [
        .notarize(epoch: 1, view: 7, digest: .sha256([1])), .nullify(epoch: 1, view: 7),
        .finalize(epoch: 0, view: .max, digest: .sha256([2])),
      ]
      let key = FuzzWorld.key(1)
      let votes = statements.map { statement in
        Vote(statement: statement, validator: 3, signature: key.signature(for: statement.signedBytes(network: FuzzWorld.shared.network)))
      }
      let (network, publicKey) = (FuzzWorld.shared.network, key.publicKey)
      var messages = [SignerMessage.hello(SignerHello(network: network, key: publicKey))]
      for vote in votes {
        messages += [.sign(vote.statement), .signed(vote.signature), .hello(SignerHello(network: network, key: publicKey, vote: vote))]
      }
      for refusal in SigningRefusal.allCases { messages.append(.refused(refusal)) }
      return messages.map { message in
        [UInt8(truncatingIfNeeded: message.code >> 8), UInt8(truncatingIfNeeded: message.code)] + message.bytes
      }
    }
  ) { input in
    guard input.count >= 2 else { return false }
    let code = UInt16(input[0]) << 8 | UInt16(input[1])
    guard let message = SignerMessage(code: code, decoding: Array(input[2...])) else { return false }
    try require(message.code == code && message.bytes == Array(input[2...]), "what was accepted encodes to other bytes")
    try require(message.bytes.count <= SignerMessage.byteLimit, "a message longer than its limit was accepted")
    return true
  }
}
