import CairnCrypto
public import CairnMessages
import Foundation

/// A block with what justifies it. It never makes a validator fetch ancestry to judge it.
public struct Proposal: Hashable, Sendable {
  /// After a longer outage older skip certificates are fetched.
  public static let skipLimit = 64
  /// A full block, its header, the certificates and the framing around them.
  public static let byteLimit = Block.transactionByteLimit + (skipLimit + 1) * Certificate.byteLimit + (128 << 10)

  public let block: Block
  /// The leader's Notarize of this view. `nil` only for a block that was fetched, where a certificate takes its place.
  public let vote: Vote?
  /// Certificate of the parent (notarization or finalization); `nil` when the parent is the epoch's genesis.
  public let parent: Certificate?
  /// The nullification of every view between the parent's and this one, ascending.
  public let skips: [Certificate]

  public init(block: Block, vote: Vote?, parent: Certificate?, skips: [Certificate]) {
    self.block = block
    self.vote = vote
    self.parent = parent
    self.skips = skips
  }

  /// Refuses what no leader sends, before a signature is checked: a vote that is not Notarize of this block, a parent's
  /// certificate that is a nullification, skips that are not nullifications in ascending order of their views. So one
  /// certificate cannot be repeated to have it checked 64 times.
  ///
  /// - Parameter validatorCount: n of the epoch.
  public init(_ message: ProtoProposal, validatorCount: Int) throws(ChainError) {
    guard message.skips.count <= Self.skipLimit else {
      throw .encoding(.tooLong(limit: Self.skipLimit, actual: message.skips.count))
    }
    var skips: [Certificate] = []
    for skip in message.skips { skips.append(try Certificate(skip, validatorCount: validatorCount)) }
    self.init(
      block: try Block(message.block), vote: message.vote.isEmpty ? nil : try Vote(decoding: [UInt8](message.vote)),
      parent: message.hasParent ? try Certificate(message.parent, validatorCount: validatorCount) : nil, skips: skips)
    try checkStatements()
  }

  private func checkStatements() throws(ChainError) {
    if let vote {
      guard vote.statement.kind == .notarize, vote.statement.digest == block.digest else { throw .field("vote") }
    }
    guard parent?.statement.kind != .nullify else { throw .field("parent") }
    let skipped = skips.map(\.statement)
    guard skipped.allSatisfy({ $0.kind == .nullify }), zip(skipped, skipped.dropFirst()).allSatisfy({ $0.view < $1.view }) else {
      throw .field("skips")
    }
  }

  public func message(validatorCount: Int) -> ProtoProposal {
    var message = ProtoProposal()
    message.block = block.message
    if let vote { message.vote = Data(vote.bytes) }
    if let parent { message.parent = parent.message(validatorCount: validatorCount) }
    message.skips = skips.map { $0.message(validatorCount: validatorCount) }
    return message
  }
}
