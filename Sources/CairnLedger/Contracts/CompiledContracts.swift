import CairnCrypto
import Synchronization

/// Contracts that were read lately, by the hash of their version: an authorization needs one that is already compiled. Shared by all versions
/// of the ledger that descend from one another. Only a memory of pure functions; what it forgets is computed again.
final class CompiledContracts: Sendable {
  /// Bytes of versions in each of two generations. What is compiled takes up to fifty times as much.
  private static let byteLimit = 512 << 10

  private struct Entry {
    var compiled: CompiledContract?
    /// `nil` while nobody has asked.
    var verdict: Result<CompiledContract, ContractFault>?
  }

  private struct Generations {
    var young: [Digest: Entry] = [:]
    var old: [Digest: Entry] = [:]
    var youngByteCount = 0
  }

  private let generations = Mutex(Generations())

  /// The version, when it may be deployed.
  func checked(_ contract: ContractVersion) throws(ContractFault) -> CompiledContract {
    if let verdict = entry(contract.hash)?.verdict { return try verdict.get() }
    let verdict = Result { () throws(ContractFault) in try CompiledContract.checked(contract) }
    remember(Entry(compiled: try? verdict.get(), verdict: verdict), of: contract)
    return try verdict.get()
  }

  /// A version that the ledger has.
  func compiled(_ contract: ContractVersion) throws(ContractFault) -> CompiledContract {
    if let compiled = compiled(contract.hash) { return compiled }
    let compiled = try CompiledContract(contract)
    remember(Entry(compiled: compiled), of: contract)
    return compiled
  }

  func compiled(_ hash: Digest) -> CompiledContract? { entry(hash)?.compiled }

  private func entry(_ hash: Digest) -> Entry? { generations.withLock { $0.young[hash] ?? $0.old[hash] } }

  private func remember(_ entry: Entry, of contract: ContractVersion) {
    generations.withLock { generations in
      if generations.youngByteCount + contract.bytes.count > Self.byteLimit {
        (generations.old, generations.young, generations.youngByteCount) = (generations.young, [:], 0)
      }
      if generations.young.updateValue(entry, forKey: contract.hash) == nil { generations.youngByteCount += contract.bytes.count }
    }
  }
}
