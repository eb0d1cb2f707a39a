public import CairnChain
public import CairnCrypto
import CairnMerkle
import CairnMessages

/// What a network has agreed on and governance may change.
public struct Parameters: Hashable, Sendable {
  private static let byteLimit = 64
  /// The key of the parameters' row in the state tree.
  public static let stateKey = Digest.stateKey(type: StateType.parameters.rawValue, id: [])

  /// Transactions of one block, together.
  public var maxBlockBytes: UInt32
  public var maxTransactionBytes: UInt32
  /// How far ahead `notAfterHeight` may be. Every node remembers the ids of as many blocks.
  public var maxValidityBlocks: UInt32
  /// An empty block is due after this long without one.
  public var heartbeatMilliseconds: UInt32
  /// M of N.
  public var trusteeThreshold: UInt32

  public init(
    maxBlockBytes: UInt32 = UInt32(Block.transactionByteLimit), maxTransactionBytes: UInt32 = UInt32(Transaction.byteLimit),
    maxValidityBlocks: UInt32 = 1_000, heartbeatMilliseconds: UInt32 = 5_000, trusteeThreshold: UInt32 = 1
  ) {
    self.maxBlockBytes = maxBlockBytes
    self.maxTransactionBytes = maxTransactionBytes
    self.maxValidityBlocks = maxValidityBlocks
    self.heartbeatMilliseconds = heartbeatMilliseconds
    self.trusteeThreshold = trusteeThreshold
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) { self.init(try ProtoParameters.record(bytes, limit: Self.byteLimit)) }

  init(_ message: ProtoParameters) {
    self.init(
      maxBlockBytes: message.maxBlockBytes, maxTransactionBytes: message.maxTransactionBytes,
      maxValidityBlocks: message.maxValidityBlocks, heartbeatMilliseconds: message.heartbeatMs, trusteeThreshold: message.trusteeThreshold)
  }

  var message: ProtoParameters {
    var message = ProtoParameters()
    message.maxBlockBytes = maxBlockBytes
    message.maxTransactionBytes = maxTransactionBytes
    message.maxValidityBlocks = maxValidityBlocks
    message.heartbeatMs = heartbeatMilliseconds
    message.trusteeThreshold = trusteeThreshold
    return message
  }

  /// The canonical encoding.
  public var bytes: [UInt8] { Canonical.encode(message) }
}

extension Parameters {
  /// Room for a rotation with full key lists and a document, below which a DID could lock itself out.
  public static let minimumTransactionBytes: UInt32 = 8 << 10
  /// Hours of blocks. More would let a lost transaction surprise its submitter, and every node remembers these ids.
  public static let maximumValidityBlocks: UInt32 = 1_000
  /// An hour: readers measure staleness by the newest header.
  public static let maximumHeartbeatMilliseconds: UInt32 = 3_600_000

  /// The name of the first parameter that is out of its range.
  ///
  /// - Parameter trustees: N.
  func firstInvalid(trustees: Int) -> String? {
    guard (Self.minimumTransactionBytes...UInt32(Transaction.byteLimit)).contains(maxTransactionBytes) else {
      return "max_transaction_bytes"
    }
    guard maxBlockBytes >= maxTransactionBytes, maxBlockBytes <= UInt32(Block.transactionByteLimit) else { return "max_block_bytes" }
    guard (1...Self.maximumValidityBlocks).contains(maxValidityBlocks) else { return "max_validity_blocks" }
    guard (1...Self.maximumHeartbeatMilliseconds).contains(heartbeatMilliseconds) else { return "heartbeat_ms" }
    guard trusteeThreshold >= 1, Int(trusteeThreshold) <= trustees else { return "trustee_threshold" }
    return nil
  }
}
