import CairnCrypto
import CairnMerkle
public import CairnMessages

/// Which version of a contract is wanted.
public enum ContractSelector: Hashable, Sendable {
  case inForce
  /// 1 for the first.
  case version(UInt64)
  /// The one that was in force at this Unix time.
  case time(milliseconds: UInt64)
}

/// A contract as it was, or is, with one of its versions; every byte of it committed to by the state.
public struct ResolvedContract: Hashable, Sendable {
  /// What held at the moment that was asked for. Of a version that is asked for by its number it is the newest record.
  public let record: ContractRecord
  public let version: ContractVersion
  /// The contract as it is now.
  public let newest: ContractRecord

  /// Whether ``version`` is the one that the contract has now.
  public var isInForce: Bool { version.hash == newest.hash }
}

/// What a contract that exists was at the moment that was asked for.
public enum ContractOutcome: Hashable, Sendable {
  case found(ResolvedContract)
  /// The contract was deployed later; Unix time.
  case notYetDeployed(milliseconds: UInt64)
}

extension ResolvedContract {
  /// Checks what a node handed out against what the state proves. The newest record, proven by the state, names the version in force by its hash
  /// and commits to every earlier record; every version has a row of its own.
  ///
  /// - Parameters:
  ///   - id: the contract that was asked for.
  ///   - selector: the version that was asked for.
  ///   - stateValue: proven for ``ContractID/stateKey``.
  ///   - versionValue: proven for ``ContractID/versionKey(_:)`` of a version that was asked for by its number; `nil` otherwise.
  ///   - known: a version that the caller has already, which the answer may leave out.
  public static func verify(
    _ id: ContractID, at selector: ContractSelector, stateValue: [UInt8], versionValue: [UInt8]?, _ answer: ProtoContractAnswer,
    known: ContractVersion? = nil
  ) throws(ContractAnswerError) -> ContractOutcome {
    let newest = try record([UInt8](answer.record), of: id, stateValue)
    let proven = Proven(id: id, newest: newest, answer: answer, known: known)
    switch selector {
    case .inForce:
      guard versionValue == nil else { throw .wrongVersion }
      return .found(ResolvedContract(record: newest, version: try proven.version(with: newest.hash), newest: newest))
    case .version(let number):
      guard let versionValue else { throw .wrongVersion }
      let value = try value(versionValue, .contractVersion)
      let version = try proven.version(with: value.recordHash)
      guard version.version == number else { throw .wrongVersion }
      return .found(ResolvedContract(record: newest, version: version, newest: newest))
    case .time(let time):
      guard versionValue == nil else { throw .wrongVersion }
      guard let held = try proven.record(at: time) else { return .notYetDeployed(milliseconds: newest.deployedMilliseconds) }
      return .found(ResolvedContract(record: held, version: try proven.version(with: held.hash), newest: newest))
    }
  }

  private static func record(_ bytes: [UInt8], of id: ContractID, _ stateValue: [UInt8]) throws(ContractAnswerError) -> ContractRecord {
    guard try value(stateValue, .contract).recordHash == .sha256(bytes) else { throw .recordHash }
    let record: ContractRecord
    do { record = try ContractRecord(decoding: bytes) } catch { throw .record(error) }
    guard record.id == id else { throw .wrongContract }
    return record
  }

  private static func value(_ bytes: [UInt8], _ type: StateType) throws(ContractAnswerError) -> StateValue {
    let value: StateValue
    do { value = try StateValue(decoding: bytes) } catch { throw .stateValue(error) }
    guard value.type == type else { throw .wrongType }
    return value
  }

  /// An answer whose newest record is proven.
  private struct Proven {
    let id: ContractID
    let newest: ContractRecord
    let answer: ProtoContractAnswer
    let known: ContractVersion?

    /// - Parameter hash: committed to by the state.
    func version(with hash: Digest) throws(ContractAnswerError) -> ContractVersion {
      if answer.version.isEmpty, let known, known.hash == hash, known.id == id { return known }
      let bytes = [UInt8](answer.version)
      guard hash == .sha256(bytes) else { throw .versionHash }
      let version: ContractVersion
      do { version = try ContractVersion(decoding: bytes) } catch { throw .version(error) }
      guard version.id == id else { throw .wrongContract }
      return version
    }

    /// The record that held at a Unix time; `nil` when there was none yet.
    func record(at time: UInt64) throws(ContractAnswerError) -> ContractRecord? {
      let earlier = try answer.hasEarlier ? decode(answer.earlier) : nil
      let successor = try answer.hasSuccessor ? decode(answer.successor) : nil
      let inForce: VersionInForce
      do throws(VersionError) {
        inForce = try VersionInForce.verify(
          at: time, newest: newest.updatedMilliseconds, earlier: newest.earlier, version: earlier?.proven, successor: successor?.proven
        ) { bytes in
          [earlier, successor].compactMap(\.self).first { $0.proven.record == bytes }?.record.updatedMilliseconds
        }
      } catch {
        throw .earlier(error)
      }
      switch inForce {
      case .newest: return newest
      case .earlier: return earlier?.record
      case .none:
        guard answer.version.isEmpty else { throw .versionHash }
        return nil
      }
    }

    private func decode(_ message: ProtoEarlierVersion) throws(ContractAnswerError) -> (proven: EarlierVersion, record: ContractRecord) {
      guard let proven = EarlierVersion(message) else { throw .earlier(.notCommitted) }
      let record: ContractRecord
      do { record = try ContractRecord(decoding: proven.record) } catch { throw .record(error) }
      guard record.id == id else { throw .wrongContract }
      return (proven, record)
    }
  }
}

/// Why an answer about a contract is not believed.
public enum ContractAnswerError: Error, Equatable, Sendable {
  case stateValue(RecordError)
  /// The row is about something else.
  case wrongType
  /// The state commits to another record.
  case recordHash
  case record(RecordError)
  case wrongContract
  /// The record, or the row, names another version.
  case versionHash
  case version(RecordError)
  /// Another version than was asked for.
  case wrongVersion
  case earlier(VersionError)

  public var reason: String {
    switch self {
    case .stateValue: "bad_state_value"
    case .wrongType: "wrong_state_type"
    case .recordHash: "record_hash_mismatch"
    case .record: "bad_contract_record"
    case .wrongContract: "other_contract"
    case .versionHash: "contract_hash_mismatch"
    case .version: "bad_contract_version"
    case .wrongVersion: "other_version"
    case .earlier(let error): error.reason
    }
  }
}
