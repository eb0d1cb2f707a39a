import CairnCrypto
import CairnLedger
import Synchronization

/// Contracts that nodes have sent, compiled: so that an answer does not have to bring them again.
///
/// Which version is in force, each answer proves anew; here is only what a hash stands for.
final class KnownContracts: Sendable {
  /// Contracts. A tool server is configured with a handful.
  private static let limit = 64

  private let newest = Mutex<[ContractID: KnownContract]>([:])

  func newest(_ id: ContractID) -> KnownContract? { newest.withLock { $0[id] } }

  /// - Parameter bytes: of a `ContractVersion`, whose hash the caller holds against what is proven.
  func compile(_ bytes: [UInt8]) throws(AccessProofError) -> KnownContract {
    guard let version = try? ContractVersion(decoding: bytes), let known = try? KnownContract(version) else { throw .wrongContract }
    newest.withLock { contracts in
      if contracts.count >= Self.limit, contracts[version.id] == nil { contracts.removeAll() }
      contracts[version.id] = known
    }
    return known
  }
}
