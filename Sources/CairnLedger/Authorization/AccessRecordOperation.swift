public import CairnCrypto
import CairnIdentity
import CairnMessages
import Foundation

/// Has a block decide a request, and keep the decision. By whoever submits it; the agent has signed the request itself.
public struct AccessRecordOperation: Hashable, Sendable {
  public let request: AccessRequest
  public let signature: KeySignature

  init(_ message: ProtoAccessRecord, network: Digest) throws(OperationError) {
    do { request = try AccessRequest(decoding: [UInt8](message.request)) } catch { throw .access(error) }
    guard request.network == network, request.principal.isOf(network: network) else { throw .foreignDID }
    guard message.hasSignature, let signature = KeySignature(message.signature) else { throw .malformed("signature") }
    guard request.nonce.count == AccessRequest.nonceByteCount else { throw .malformed("nonce") }
    guard request.notAfterMilliseconds != nil else { throw .malformed("not_after_ms") }
    self.signature = signature
  }
}

extension LedgerOperation {
  /// - Parameters:
  ///   - request: with a nonce, and a last time at which it may be recorded.
  ///   - signature: as ``AccessRequest/signature(by:)`` makes it.
  public static func recordAccess(
    _ request: AccessRequest, signature: KeySignature, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var record = ProtoAccessRecord()
    record.request = Data(request.bytes)
    record.signature = signature.message
    return try make(.accessRecord(record), network: network)
  }
}
