import CairnChain

/// Whether a proposal proves that its parent may be extended.
enum Justification {
  /// It does; the view of the parent's certificate, 0 for the genesis.
  case complete(parentView: UInt64)
  /// Nullifications older than those that travel with a proposal are not here yet.
  case incomplete
  case faulty(ProposalFault)
}

extension Engine {
  /// R2 — the parent's certificate is of a lower view and names the header's parent, and every view between has a nullification:
  /// the latest 64 in the proposal or here, older ones here.
  func justification(of proposal: Proposal, in view: UInt64) -> Justification {
    guard let parentView = parentView(of: proposal, in: view), parentView < view else { return .faulty(.parentCertificate) }
    let carried = proposal.skips.map(\.statement).filter { $0.kind == .nullify && $0.epoch == epoch }.map(\.view)
    var skipped = view - 1
    while skipped > parentView {
      if !carried.contains(skipped), rounds[skipped].nullification == nil {
        return view - skipped > UInt64(Proposal.skipLimit) ? .incomplete : .faulty(.skipCertificates)
      }
      skipped -= 1
    }
    return .complete(parentView: parentView)
  }

  private func parentView(of proposal: Proposal, in view: UInt64) -> UInt64? {
    let header = proposal.block.header
    let parent = isProposedAgain(header, in: view) ? header.digest : header.parent
    guard let statement = proposal.parent?.statement else { return parent == configuration.genesis.digest ? 0 : nil }
    guard statement.kind != .nullify, statement.epoch == epoch, statement.view >= 1, statement.digest == parent else { return nil }
    return statement.view
  }
}
