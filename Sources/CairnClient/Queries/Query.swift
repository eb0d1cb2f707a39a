import CairnCrypto
import CairnMessages
import CairnProtocol
import Foundation
import NIOCore
import SwiftProtobuf

/// One question to a node, and what its answer has to prove before it is one.
struct Query<Answer: Sendable>: Sendable {
  let method: CairnMethod
  /// Made for each attempt anew, because it says what the client knows by then.
  let request: @Sendable (Knowledge) -> ByteBuffer
  /// - Parameter known: as it was when the request was made.
  let accept: @Sendable (_ answer: ByteBuffer, _ known: Knowledge, _ trust: Trust) throws(EndpointProblem) -> Answer
}

extension ByteBuffer {
  init(encoding message: some Message) { self.init(bytes: Canonical.encode(message)) }
}

/// Nothing that a node answers nests deeper than ten.
private let depthLimit = 16

/// - Parameter bytes: of an answer, whose length the connection has limited.
func decode<M: Message>(_ bytes: some SwiftProtobufContiguousBytes) throws(EndpointProblem) -> M {
  var options = BinaryDecodingOptions()
  options.messageDepthLimit = depthLimit
  options.discardUnknownFields = true
  guard let message = try? M(serializedBytes: bytes, options: options) else { throw .malformed }
  return message
}

extension ByteBuffer {
  var bytes: [UInt8] { [UInt8](readableBytesView) }
}
