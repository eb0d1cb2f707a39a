import CairnCrypto
import CairnIdentity
import CairnLedger

/// Contracts at the edge of what may be deployed, each made to take a node as long as it can in one way.
enum WorstContracts {
  struct Sample {
    let name: String
    let policies: String
    let schema: String
    var tests = ""
  }

  static var all: [Sample] { [requests, expressions, records, groups, tests, comparisons, mistakes] }

  /// Clauses joined by `&&`, in policies of as many expressions as one may have.
  ///
  /// - Parameter guarded: comes first in each policy.
  private static func policies(_ clause: String, guarded: String = "true", expressionsPerClause: Int, clauses: Int) -> String {
    // The operator before a clause counts too.
    let perPolicy = 1_000 / (expressionsPerClause + 1)
    return stride(from: 0, to: clauses, by: perPolicy).map { start in
      let text = Array(repeating: clause, count: min(perPolicy, clauses - start)).joined(separator: "&&")
      return "permit(principal,action,resource)when{\(guarded)&&\(text)};"
    }.joined()
  }

  /// - Parameters:
  ///   - actions: names, separated by commas.
  ///   - context: attributes.
  private static func schema(actions: String = "act", context: String = "", more: String = "") -> String {
    """
    namespace Cairn {
      entity Agent{id:String,ageSeconds:Long,keyAgeSeconds:Long,credentials?:{permissions:Set<String>}};entity Resource{id:String};\(more)
      action \(actions) appliesTo{principal:Agent,resource:Resource,context:{\(context)}};
    }
    """
  }

  private static let actions = (0..<1_000).map { "a\($0)" }.joined(separator: ",")

  /// As many requests as may be, and few expressions.
  private static var requests: Sample {
    Sample(
      name: "requests", policies: policies("principal.ageSeconds==principal.keyAgeSeconds", expressionsPerClause: 5, clauses: 16),
      schema: schema(actions: actions))
  }

  /// As many expressions as fit.
  private static var expressions: Sample {
    Sample(name: "expressions", policies: policies("1<2", expressionsPerClause: 3, clauses: 7_500), schema: schema())
  }

  /// Records of many attributes, compared with one another.
  private static var records: Sample {
    let attributes = (0..<500).map { "a\($0):Long" }.joined(separator: ",")
    return Sample(
      name: "records",
      policies: policies(
        "context.asserted==context.asserted", guarded: "context has asserted", expressionsPerClause: 5, clauses: 480),
      schema: schema(context: "asserted?:{\(attributes)}"))
  }

  /// A long chain of groups, asked for at every step.
  private static var groups: Sample {
    let count = 400
    let chain = (1..<count).map { "action g\($0) in g\($0 - 1);" }.joined()
    return Sample(
      name: "groups", policies: policies(#"action in Cairn::Action::"g0""#, expressionsPerClause: 3, clauses: 1_200),
      schema: schema(actions: "act in g\(count - 1)", more: "action g0;" + chain))
  }

  /// Tests that take nearly all the steps that they may, each with all entities.
  private static var tests: Sample {
    let permissions = (0..<200).map { #""tool:\#($0)""# }.joined(separator: ",")
    let entities = (0..<12).map { number in
      #"{"uid":{"type":"Cairn::Agent","id":"\#(number)"},"attrs":{"id":"\#(number)","ageSeconds":1,"keyAgeSeconds":1,"#
        + #""credentials":{"permissions":[\#(permissions)]}},"parents":[]}"#
    }.joined(separator: ",")
    let tests = (0..<64).map { number in
      #"{"name":"\#(number)","principal":"Cairn::Agent::\"\#(number % 12)\"","action":"Cairn::Action::\"act\"","#
        + #""resource":"Cairn::Resource::\"r\"","decision":"allow"}"#
    }.joined(separator: ",")
    return Sample(
      name: "tests",
      policies: policies(
        "principal.credentials.permissions.containsAll(principal.credentials.permissions)", guarded: "principal has credentials",
        expressionsPerClause: 7, clauses: 12), schema: schema(), tests: #"{"entities":[\#(entities)],"tests":[\#(tests)]}"#)
  }

  /// The most expensive decision that may be deployed.
  private static var comparisons: Sample {
    Sample(name: "comparisons", policies: policies("principal.id==resource.id", expressionsPerClause: 5, clauses: 50), schema: schema())
  }

  /// Mistakes, each of which is told with what was perhaps meant.
  private static var mistakes: Sample {
    Sample(
      name: "mistakes", policies: policies("principal.agSeconds==1", expressionsPerClause: 4, clauses: 1_500),
      schema: schema(actions: actions))
  }

  /// The version that a sample would be.
  static func version(_ sample: Sample, owner: CairnDID, network: Digest) throws -> ContractVersion {
    guard let id = ContractID("worst") else { preconditionFailure("a name of a contract") }
    return try ContractVersion(
      id: id, policies: Array(sample.policies.utf8), schema: Array(sample.schema.utf8), tests: Array(sample.tests.utf8), owners: [owner],
      network: network)
  }
}
