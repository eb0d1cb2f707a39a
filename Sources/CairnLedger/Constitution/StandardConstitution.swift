extension ConstitutionSource {
  /// What a network starts with unless its template names another: `genesis/constitution.cedar` with `genesis/constitution.tests`. A test
  /// holds them together, so that no file is needed where the program runs.
  public static let standard = ConstitutionSource(policies: standardPolicies, tests: standardTests)

  private static let standardPolicies = """
    // The constitution that a network starts with unless its template names another: who may do what on the ledger.
    //
    // Every operation of every transaction is judged by these policies after the hard guards, which no constitution can lift: signatures,
    // sequence, expiry, existence, and what each kind of operation demands besides (a rotation needs the keys, a list's update its issuer
    // or revoker). What no policy permits is refused, a forbid always wins, and a forbid that fails to evaluate refuses too.
    //
    // Which facts can be asked for is in constitution.cedarschema, and what must come out in constitution.tests. Trustees replace the
    // constitution by a proposal at their threshold. One that could keep them from replacing it again is refused: `governance.propose`
    // and `governance.approve` of an amendment must be permitted to trustees without conditions, and no forbid may reach them.

    // Registrars enrol DIDs, one by one or as batches of sessions.
    @id("registrars_enrol")
    permit (
      principal in Cairn::Role::"registrar",
      action in [Cairn::Action::"did.create", Cairn::Action::"session_batch.create"],
      resource
    );

    // A DID belongs to whoever has its keys: the guards ask for them, and no role is needed.
    @id("did_of_its_keys")
    permit (
      principal,
      action in [Cairn::Action::"did.update", Cairn::Action::"did.rotate", Cairn::Action::"did.deactivate"],
      resource
    );

    // Issuers make status lists.
    @id("issuers_make_lists")
    permit (principal in Cairn::Role::"issuer", action == Cairn::Action::"status_list.create", resource);

    // The guards accept a list's issuer and its revokers. They need no role, so that whoever loses it can still revoke.
    @id("list_of_its_revokers")
    permit (
      principal,
      action in [Cairn::Action::"status_list.update", Cairn::Action::"status_list.delegate"],
      resource
    );

    // Authors deploy policy contracts; the guards ask for the owners' signatures on what exists.
    @id("authors_write_contracts")
    permit (
      principal in Cairn::Role::"author",
      action in [Cairn::Action::"contract.deploy", Cairn::Action::"contract.upgrade", Cairn::Action::"contract.retire"],
      resource
    );

    // Guardians stop what does harm, and let it go again.
    @id("guardians_stop_harm")
    permit (
      principal in Cairn::Role::"guardian",
      action in [
        Cairn::Action::"contract.freeze", Cairn::Action::"contract.unfreeze", Cairn::Action::"agent.isolate", Cairn::Action::"agent.release"
      ],
      resource
    );

    // Auditors attest contracts.
    @id("auditors_attest")
    permit (principal in Cairn::Role::"auditor", action == Cairn::Action::"contract.attest", resource);

    // Any agent may put a decision about itself on record: the contract decides, and the record is its proof.
    @id("agents_record_access")
    permit (principal, action == Cairn::Action::"access.record", resource);

    // Trustees govern. The guards count their approvals.
    @id("trustees_govern")
    permit (
      principal in Cairn::Role::"trustee",
      action in [Cairn::Action::"governance.propose", Cairn::Action::"governance.approve", Cairn::Action::"governance.withdraw"],
      resource
    );

    // Operators hand in proof that a validator signed two statements that exclude each other.
    @id("operators_submit_evidence")
    permit (principal in Cairn::Role::"operator", action == Cairn::Action::"evidence.submit", resource);
    """ + "\n"

  private static let standardTests = """
    # What constitution.cedar has to decide, one expectation a line:
    #
    #   allow|deny ROLES ACTION [TYPE] [NAME=VALUE ...]
    #
    # ROLES are the submitter's, joined by commas, or - for none. TYPE is the resource's, where the action has more than one. NAME=VALUE sets a
    # fact, which is otherwise zero, empty or absent: principal.createdAt, resource.length, context.set; times are in milliseconds of Unix time.
    # The tests travel with the constitution: no node accepts one that fails its own.

    allow registrar did.create
    deny  trustee,operator,issuer,author,auditor,guardian did.create
    allow - did.update
    allow - did.rotate
    allow - did.deactivate
    allow issuer status_list.create
    deny  trustee,operator,registrar,author,auditor,guardian status_list.create
    allow - status_list.update
    allow - status_list.delegate
    allow registrar session_batch.create
    deny  trustee,operator,issuer,author,auditor,guardian session_batch.create
    allow author contract.deploy
    deny  trustee,operator,registrar,issuer,auditor,guardian contract.deploy
    allow author contract.upgrade
    deny  trustee,operator,registrar,issuer,auditor,guardian contract.upgrade
    allow author contract.retire
    deny  trustee,operator,registrar,issuer,auditor,guardian contract.retire
    allow guardian contract.freeze
    deny  trustee,operator,registrar,issuer,author,auditor contract.freeze
    allow guardian contract.unfreeze
    deny  trustee,operator,registrar,issuer,author,auditor contract.unfreeze
    allow guardian agent.isolate
    deny  trustee,operator,registrar,issuer,author,auditor agent.isolate
    allow guardian agent.release
    deny  trustee,operator,registrar,issuer,author,auditor agent.release
    allow auditor contract.attest
    deny  trustee,operator,registrar,issuer,author,guardian contract.attest
    allow - access.record
    allow trustee governance.propose Proposal
    deny  operator,registrar,issuer,author,auditor,guardian governance.propose Proposal
    allow trustee governance.propose Amendment
    deny  operator,registrar,issuer,author,auditor,guardian governance.propose Amendment
    allow trustee governance.approve Proposal
    deny  operator,registrar,issuer,author,auditor,guardian governance.approve Proposal
    allow trustee governance.approve Amendment
    deny  operator,registrar,issuer,author,auditor,guardian governance.approve Amendment
    allow trustee governance.withdraw Proposal
    deny  operator,registrar,issuer,author,auditor,guardian governance.withdraw Proposal
    allow trustee governance.withdraw Amendment
    deny  operator,registrar,issuer,author,auditor,guardian governance.withdraw Amendment
    allow operator evidence.submit
    deny  trustee,registrar,issuer,author,auditor,guardian evidence.submit
    allow trustee,operator,registrar,issuer,author,auditor,guardian did.create
    """ + "\n"
}

extension Constitution {
  /// Of ``ConstitutionSource/standard``.
  public static let standard: Constitution = {
    do { return try Constitution(.standard) } catch { preconditionFailure("the standard constitution is one: \(error)") }
  }()
}
