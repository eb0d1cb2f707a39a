import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation

/// A document with its canonical encoding. Of the right shape; whether it is valid says ``CairnIdentity/DIDDocument/validate()``.
public struct EncodedDocument: Sendable {
  public let document: DIDDocument
  /// The canonical `DidDocument`.
  public let bytes: [UInt8]

  public init(_ document: DIDDocument) {
    self.document = document
    bytes = Canonical.encode(Self.message(document))
  }

  /// `nil` for a verification purpose that is not known.
  init?(_ message: ProtoDidDocument) {
    var methods: [DIDDocument.VerificationMethod] = []
    methods.reserveCapacity(message.verificationMethods.count)
    for method in message.verificationMethods {
      var purposes: [VerificationPurpose] = []
      for purpose in method.purposes {
        guard let purpose = UInt8(exactly: purpose.rawValue).flatMap(VerificationPurpose.init) else { return nil }
        purposes.append(purpose)
      }
      methods.append(.init(fragment: method.fragment, multikey: [UInt8](method.multikey), purposes: purposes))
    }
    document = DIDDocument(
      verificationMethods: methods,
      services: message.services.map { .init(fragment: $0.fragment, types: $0.types, endpoints: $0.endpoints) },
      alsoKnownAs: message.alsoKnownAs, controllers: message.controllers)
    bytes = Canonical.encode(message)
  }

  var message: ProtoDidDocument { Self.message(document) }

  private static func message(_ document: DIDDocument) -> ProtoDidDocument {
    var message = ProtoDidDocument()
    message.verificationMethods = document.verificationMethods.map { method in
      var message = ProtoVerificationMethod()
      message.fragment = method.fragment
      message.multikey = Data(method.multikey)
      message.purposes = method.purposes.map { ProtoVerificationPurpose(rawValue: Int($0.rawValue)) ?? .unspecified }
      return message
    }
    message.services = document.services.map { service in
      var message = ProtoService()
      message.fragment = service.fragment
      message.types = service.types
      message.endpoints = service.endpoints
      return message
    }
    message.alsoKnownAs = document.alsoKnownAs
    message.controllers = document.controllers
    return message
  }
}

extension EncodedDocument: Hashable {
  public static func == (left: EncodedDocument, right: EncodedDocument) -> Bool { left.bytes == right.bytes }
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
