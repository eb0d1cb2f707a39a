extension ConstitutionSchema {
  /// `genesis/constitution.cedarschema`; a test holds the two together, so that no file is needed where the program runs.
  static let text = """
    // What a constitution can ask about. The schema belongs to the protocol: every network's constitution is written against it, and
    // every node supplies exactly these facts for every operation.
    namespace Cairn {
      // What governance gives to a DID.
      entity Role enum ["trustee", "operator", "registrar", "issuer", "author", "auditor", "guardian"];

      // A DID. The principal is always the submitter of the transaction, whose update keys have signed it.
      entity Agent in [Role] {
        // The DID that may rotate or deactivate it.
        controller?: Agent,
        createdAt: datetime,
        // When its update keys were last set.
        keysChangedAt: datetime,
      };

      // A status list, or the statuses of a session batch: `<did>/status/<name>`, `<did>/sessions/<hex>`.
      entity StatusList {
        issuer: Agent,
        // "revocation", "suspension" or "refresh".
        purpose: String,
        length: Long,
        isSessionBatch: Bool,
      };

      // A policy contract, by its id.
      entity Contract {
        // As it is before the operation; 0 for one that is being deployed.
        version: Long,
      };

      // A validator, by its name.
      entity Validator;

      // A proposal of governance, by its id in hexadecimal, except one to replace the constitution.
      entity Proposal {
        // "grant_role", "revoke_role", "set_parameter", "freeze_contract", "unfreeze_contract" or "change_validators".
        kind: String,
        // Of "grant_role" and "revoke_role".
        role?: String,
        proposer: Agent,
      };

      // A proposal to replace the constitution. A type of its own, because no constitution may keep the trustees from it.
      entity Amendment {
        proposer: Agent,
      };

      // The block that the operation is in.
      type Block = { height: Long, time: datetime };

      action "did.create", "did.update" appliesTo { principal: Agent, resource: Agent, context: { block: Block } };

      // The authority that the operation invokes: "next", "recovery" or "controller".
      action "did.rotate", "did.deactivate" appliesTo {
        principal: Agent, resource: Agent, context: { block: Block, authority: String }
      };

      action "status_list.create" appliesTo { principal: Agent, resource: StatusList, context: { block: Block } };

      // How many bits the update sets and clears.
      action "status_list.update" appliesTo {
        principal: Agent, resource: StatusList, context: { block: Block, set: Long, clear: Long }
      };

      // How many revokers there shall be.
      action "status_list.delegate" appliesTo { principal: Agent, resource: StatusList, context: { block: Block, revokers: Long } };

      action "session_batch.create" appliesTo { principal: Agent, resource: StatusList, context: { block: Block, expiresAt: datetime } };

      action "contract.deploy", "contract.upgrade", "contract.freeze", "contract.unfreeze", "contract.attest", "contract.retire",
        "access.record" appliesTo { principal: Agent, resource: Contract, context: { block: Block } };

      action "agent.isolate", "agent.release" appliesTo { principal: Agent, resource: Agent, context: { block: Block } };

      action "governance.propose", "governance.approve", "governance.withdraw" appliesTo {
        principal: Agent, resource: [Proposal, Amendment], context: { block: Block }
      };

      action "evidence.submit" appliesTo { principal: Agent, resource: Validator, context: { block: Block } };
    }
    """ + "\n"
}
