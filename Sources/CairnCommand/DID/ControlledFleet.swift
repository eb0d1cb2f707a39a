import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger

/// The DIDs of a wallet that one controller answers for.
struct ControlledFleet {
  let client: CairnClient
  let controller: Signatory

  /// Looks up all DIDs of a wallet.
  ///
  /// - Returns: those that are active and under the controller, in the order of the wallet.
  /// - Throws: a DID that another one controls, or that cannot be looked up: nothing has been changed then.
  func members(of wallet: Wallet) async throws -> [ResolvedDID] {
    let dids = wallet.dids(network: client.network)
    let bar = ProgressBar("Looking up")
    defer { bar.finish() }
    var members: [ResolvedDID] = []
    var done: UInt64 = 0
    for await answer in client.resolveMany(dids, inFlight: 128) {
      done += 1
      bar.update(done, of: UInt64(dids.count))
      // What an interrupted creation left in the wallet, and what was ended before, is no member any more.
      guard let resolved = try answer.result.get().resolved, !resolved.isDeactivated else { continue }
      guard resolved.record.control.controller == controller.did else {
        throw CommandFailure.refused(
          "other_controller", "\(answer.did) is not under the control of \(controller.did): leave out --all and name DIDs with --did.")
      }
      members.append(resolved)
    }
    guard !members.isEmpty else {
      throw CommandFailure.refused("nothing_to_do", "No DID of the wallet \(wallet.path) is active: there is nothing to do.")
    }
    return members
  }

  func submit(_ operations: [LedgerOperation], label: String) async -> FleetReport {
    let submission = FleetSubmission(client: client, submitter: controller, label: label)
    return FleetReport(results: await submission.submit(operations.map { FleetSubmission.Item(operation: $0) }))
  }
}

extension ControlledFleet {
  /// Reveals each DID's next key, and commits to a new one, which is in the wallet before anything is submitted.
  func rotate(_ wallet: inout Wallet) async throws -> FleetReport {
    var operations: [LedgerOperation] = []
    for member in try await members(of: wallet) {
      let control = member.record.control
      let revealed = try wallet.nextKeys(of: control, did: member.did)
      let spare = wallet.spareKey(of: member.did, control: control)
      let successor = try DIDRotateCommand.successor(of: control, revealed: revealed, next: spare)
      operations.append(
        try .rotate(member.did, after: member.record.head, authority: .controller, control: successor, network: client.network))
    }
    try wallet.save()
    return await submit(operations, label: "Rotating")
  }

  func deactivate(_ wallet: Wallet) async throws -> FleetReport {
    var operations: [LedgerOperation] = []
    for member in try await members(of: wallet) {
      operations.append(try .deactivate(member.did, after: member.record.head, authority: .controller, network: client.network))
    }
    return await submit(operations, label: "Deactivating")
  }
}
