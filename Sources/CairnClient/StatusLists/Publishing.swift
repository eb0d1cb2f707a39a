public import CairnIdentity
import CairnMessages
import CairnProtocol
import Foundation
import NIOCore

/// In which form a status list is signed and served.
public enum StatusListDocumentForm: Sendable, CaseIterable {
  /// Bitstring Status List credential (W3C).
  case credential
  /// Token Status List token (IETF).
  case token

  var message: ProtoStatusListForm {
    switch self {
    case .credential: .credential
    case .token: .token
    }
  }
}

extension CairnClient {
  /// Hands a signed list to a node, which serves it while it says what the ledger says.
  ///
  /// - Parameters:
  ///   - document: as ``CairnIdentity/StatusListCredential`` or ``CairnIdentity/StatusListToken`` made it.
  ///   - endpoint: one of the client's; `nil` for whichever takes it. Each node serves what it was given.
  public func publishStatusList(
    _ list: StatusListID, as form: StatusListDocumentForm, document: [UInt8], to endpoint: Endpoint? = nil
  ) async throws(CairnError) {
    _ = try await ask(.publishStatusList(list, form, document), patience: readPatience, at: endpoint)
  }
}

/// That a node has taken what it was given. Its word.
struct Published: Sendable {}

extension Query<Published> {
  static func publishStatusList(_ list: StatusListID, _ form: StatusListDocumentForm, _ document: [UInt8]) -> Query {
    Query(method: .publishStatusList) { _ in
      var request = ProtoPublishStatusListRequest()
      request.list = list.description
      request.form = form.message
      request.document = Data(document)
      return ByteBuffer(encoding: request)
    } accept: { answer, _, _ throws(EndpointProblem) in
      let _: ProtoPublishStatusListResponse = try decode(answer.bytes)
      return Published()
    }
  }
}
