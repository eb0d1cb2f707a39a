public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation

/// What clients make operations with. Each throws what any reader would refuse about the operation's shape.
extension LedgerOperation {
  /// The new DID is the result's ``did``.
  ///
  /// - Parameter salt: 16 bytes, by which two identities with equal keys and documents differ; random ones will do.
  public static func create(
    control: Control, document: DIDDocument, salt: [UInt8], network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var create = ProtoDidCreate()
    create.control = control.message
    create.document = EncodedDocument(document).message
    create.salt = Data(salt)
    return try make(.didCreate(create), network: network)
  }

  /// - Parameter head: the version that the operation replaces.
  public static func update(
    _ did: CairnDID, after head: DIDHead, document: DIDDocument, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var update = ProtoDidUpdate()
    update.did = did.description
    update.sequence = head.sequence &+ 1
    update.previous = Data(head.hash.bytes)
    update.document = EncodedDocument(document).message
    return try make(.didUpdate(update), network: network)
  }

  /// - Parameter document: `nil` leaves the document as it is.
  public static func rotate(
    _ did: CairnDID, after head: DIDHead, authority: Authority = .next, control: Control, document: DIDDocument? = nil, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var rotate = ProtoDidRotate()
    rotate.did = did.description
    rotate.sequence = head.sequence &+ 1
    rotate.previous = Data(head.hash.bytes)
    rotate.authority = authority.message
    rotate.control = control.message
    if let document { rotate.document = EncodedDocument(document).message }
    return try make(.didRotate(rotate), network: network)
  }

  public static func deactivate(
    _ did: CairnDID, after head: DIDHead, authority: Authority = .next, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var deactivate = ProtoDidDeactivate()
    deactivate.did = did.description
    deactivate.sequence = head.sequence &+ 1
    deactivate.previous = Data(head.hash.bytes)
    deactivate.authority = authority.message
    return try make(.didDeactivate(deactivate), network: network)
  }

  static func make(_ kind: ProtoOperation.OneOf_Kind, network: Digest) throws(OperationError) -> LedgerOperation {
    var message = ProtoOperation()
    message.kind = kind
    return try LedgerOperation(message, network: network)
  }
}

extension Authority {
  fileprivate var message: ProtoAuthority { ProtoAuthority(rawValue: Int(rawValue)) ?? .unspecified }
}
