import CairnChain
import CairnCrypto
import CairnIdentity

/// What putting a validator's fault on record needs and does.
extension BlockExecution {
  /// Only who the validator was is looked up: that the votes exclude each other is the evidence's form, and their signatures were checked
  /// with those of the transaction. What follows from it is for the trustees to decide.
  mutating func record(_ submit: EvidenceSubmit, forKey key: Digest, submitter: CairnDID) throws(OperationError) -> Permission {
    let evidence = submit.evidence
    guard let validator = try validators(ofEpoch: evidence.epoch)?[evidence.validator], validator.consensusKey == submit.consensusKey else {
      throw .evidence(.unknownSigner(epoch: evidence.epoch, validator: evidence.validator))
    }
    let permission = try permit(.evidenceSubmit, to: submitter, on: .validator(validator.name))
    guard try record(forKey: key) == nil else { return permission }
    let record = EvidenceRecord(
      evidence: evidence, consensusKey: validator.consensusKey, validator: validator.name, by: submitter,
      submittedMilliseconds: timeMilliseconds)
    set(RecordVersion(type: .evidence, record: record.bytes, changedAt: logIndex), forKey: key)
    return permission
  }

  private mutating func validators(ofEpoch epoch: UInt64) throws(OperationError) -> ValidatorSet? {
    let key = ValidatorSet.stateKey(epoch: epoch)
    guard let bytes = try record(forKey: key) else { return nil }
    guard let validators = try? ValidatorSet(decoding: bytes) else { throw .unavailable(.wrongRecord(key: key)) }
    return validators
  }
}
