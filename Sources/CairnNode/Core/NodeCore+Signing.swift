import CairnChain
import CairnConsensus
import CairnCrypto
import CairnSigner
import Logging

/// Votes that are signed in another process, and how that goes.
struct RemoteSigning {
  let signer: any VoteSigner
  /// Votes that had no signature in time, or none at all.
  var skippedCount: UInt64 = 0
  /// Why the last of them had none.
  var lastProblem: SigningProblem?
}

extension NodeCore {
  /// On the loop, before anything is signed.
  func use(_ signer: any VoteSigner) {
    signing = RemoteSigning(signer: signer)
    signer.start(
      VoteSignerClient(highestVote: { [weak self] in self?.highestVote }, answer: { [weak self] in self?.answered($0) }))
  }

  /// The engine goes on meanwhile: a signature comes later, or the vote is skipped.
  func sign(_ statement: Statement) {
    guard let index = epoch.index else { preconditionFailure("who only follows signs nothing") }
    switch parts.voteKey {
    case .held(let key): step(.signed(.signed(statement, network: network, validator: index, key: key)))
    case .remote: signing?.signer.sign(statement)
    }
  }

  /// What comes from a signer is worth nothing until it was verified: no invalid vote leaves this node, whatever the signer sends.
  private func answered(_ answer: SigningAnswer) {
    switch answer {
    case .signed(let statement, let signature):
      guard statement.epoch == epoch.number, let index = epoch.index else { return }
      guard let vote = try? verifier.verify(Vote(statement: statement, validator: index, signature: signature)) else {
        return skip(statement, because: .wrongSignature)
      }
      step(.signed(vote))
    case .failed(let statement, let problem): skip(statement, because: problem)
    }
  }

  private func skip(_ statement: Statement, because problem: SigningProblem) {
    guard !isStopped else { return }
    signing?.skippedCount += 1
    // One line for each change: an absent signer must not fill the log.
    if signing?.lastProblem != problem {
      logger.warning(
        "A vote is skipped: the signer did not sign it",
        metadata: ["reason": "\(problem.reason)", "kind": "\(statement.kind)", "view": "\(statement.view)"])
    }
    signing?.lastProblem = problem
    step(.signingFailed(statement))
  }
}
