import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnNode

@Suite struct StatusDocumentTests {
  private let chain = TestChain()
  private let queries: QueryService

  init() throws {
    queries = QueryService(chain, build: "test")
    try chain.createList()
    try chain.update(set: [5])
  }

  private var now: Timestamp { Timestamp(milliseconds: Int64(chain.head.header.timeMilliseconds)) }

  private func page(_ form: ProtoStatusListForm, at moment: StatusMoment = .now) throws -> ProtoStatusListPage {
    var request = statusListRequest(chain.list.description, at: moment)
    request.form = form
    return try ProtoStatusListPage(serializedBytes: try queries.statusList(request).message.payload)
  }

  private func unsigned(at moment: StatusMoment = .now) throws -> StatusListCredential {
    let page = try page(.credential, at: moment)
    #expect(!page.isSigned)
    return try StatusListCredential(parsing: JSON(parsing: [UInt8](page.document), limit: page.document.count))
  }

  private func signer(_ number: Int = 1) throws -> CredentialSigner {
    try CredentialSigner(did: chain.registrar, fragment: "key-1", key: key(number))
  }

  /// As the issuer would, with what differs from that.
  private func signed(
    _ form: ProtoStatusListForm, set: [UInt64] = [5], list: String? = nil, by number: Int = 1, validFor milliseconds: Int64 = 3_600_000,
    purpose: StatusListPurpose = .suspension
  ) throws -> [UInt8] {
    var bits = StatusBits(length: StatusBits.minimumLength)
    for index in set { bits.set(index) }
    let url = list ?? chain.list.description
    guard form == .credential else {
      let token = StatusListToken(
        url: url, issuedAt: now, expires: now.adding(milliseconds: milliseconds), statuses: TokenStatusList(bits))
      return Array(try token.token(by: signer(number)).utf8)
    }
    let credential = StatusListCredential(
      url: url, issuer: try DID(parsing: chain.registrar.description), purpose: purpose, bits: bits, validFrom: now,
      validUntil: now.adding(milliseconds: milliseconds))
    return try credential.secured(by: signer(number), created: now).bytes
  }

  private func publish(_ document: [UInt8], _ form: ProtoStatusListForm, list: String? = nil) throws {
    var request = ProtoPublishStatusListRequest()
    request.list = list ?? chain.list.description
    request.form = form
    request.document = Data(document)
    _ = try queries.publish(request)
  }

  private func refusal(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return (error as? ServiceFailure)?.reason ?? "\(error)" }
  }

  @Test("Without the issuer the list is unsigned, and says what the proven chunks say") func unsignedForms() throws {
    let credential = try unsigned()
    #expect(credential.bits[5] == true && credential.bits.setCount == 1)
    #expect(credential.url == chain.list.description && credential.purposes == [.suspension])
    let token = try page(.token)
    #expect(!token.isSigned)
    let claims = try StatusListToken(parsing: JSON(parsing: [UInt8](token.document), limit: token.document.count))
    #expect(claims.statuses.statusBits == credential.bits)
    #expect(try page(.chunks).document.isEmpty)
  }

  @Test("A past moment has the bits of that moment, and no document before the list") func past() throws {
    try chain.update(set: [9], clear: [5])
    #expect(try unsigned(at: .height(2)).bits[5] == true)
    #expect(try unsigned(at: .height(3)).bits[9] == true)
    #expect(try unsigned(at: .height(1)).bits.setCount == 0)
    #expect(try unsigned(at: .time(milliseconds: chain.genesis.timeMilliseconds + 2_500)).bits[5] == true)
    #expect(try page(.credential, at: .height(0)).document.isEmpty)
  }

  @Test("What the issuer signed is served until the ledger says something else", arguments: [ProtoStatusListForm.credential, .token])
  func signedForms(form: ProtoStatusListForm) throws {
    let document = try signed(form)
    try publish(document, form)
    let served = try page(form)
    #expect(served.isSigned && [UInt8](served.document) == document)
    #expect(try !page(form, at: .height(1)).isSigned)
    try chain.update(set: [6])
    #expect(try !page(form).isSigned)
    #expect(refusal { try publish(document, form) } == "stale_status_list")
    try publish(try signed(form, set: [5, 6]), form)
    #expect(try page(form).isSigned)
  }

  @Test("What has expired is not served") func expiry() throws {
    try publish(try signed(.credential, validFor: 1_500), .credential)
    #expect(try page(.credential).isSigned)
    for number in 200..<203 { try chain.enroll(number) }
    #expect(try !page(.credential).isSigned)
  }

  @Test("What is not the issuer's, not of the list, or not true is refused") func refusals() throws {
    #expect(refusal { try publish(try signed(.credential, by: 2), .credential) } == "bad_issuer_signature")
    #expect(refusal { try publish(try signed(.credential, set: [6]), .credential) } == "stale_status_list")
    #expect(refusal { try publish(try signed(.credential, list: "\(chain.registrar)/status/other"), .credential) } == "malformed")
    #expect(refusal { try publish(try signed(.credential, purpose: .revocation), .credential) } == "malformed")
    #expect(refusal { try publish(try signed(.credential, validFor: -120_000), .credential) } == "malformed")
    #expect(refusal { try publish(try signed(.token), .credential) } != nil)
    #expect(refusal { try publish(try signed(.token), .chunks) } != nil)
    for garbage in [[], [0xff], Array("{}".utf8), Array("a.b.c".utf8)] as [[UInt8]] {
      #expect(refusal { try publish(garbage, .credential) } != nil)
      #expect(refusal { try publish(garbage, .token) } != nil)
    }
    #expect(refusal { try publish(try signed(.credential), .credential, list: "\(chain.registrar)/status/none") } == "unknown_status_list")
    #expect(refusal { try publish([], .credential, list: "nonsense") } == "invalid_status_list")
    #expect(try !page(.credential).isSigned)
  }
}
