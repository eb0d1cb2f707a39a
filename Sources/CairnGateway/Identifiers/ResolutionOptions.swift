/// The options of W3C DID Resolution, and the DID parameters that are the same thing.
struct ResolutionOptions: Hashable {
  /// A name with its value, percent-decoded.
  struct Parameter: Hashable {
    let name: String
    let value: String
  }

  enum Version: Hashable {
    /// Sequence number.
    case id(UInt64)
    /// In force at this moment.
    case time(DateTime)
  }

  /// The newest one when absent.
  private(set) var version: Version?
  /// The key that the fragment names must stand in this relationship.
  private(set) var verificationRelationship: String?

  /// - Throws: for an option that is unknown, has no valid value, or is there twice.
  init(_ parameters: [Parameter]) throws(ResolutionProblem) {
    var names: Set<String> = []
    for parameter in parameters {
      try read(parameter)
      guard names.insert(parameter.name).inserted else {
        throw ResolutionProblem(
          .invalidOptions, "duplicate_option",
          "The option \(parameter.name) is there twice, and which one counts would be a guess: give it once.")
      }
    }
    guard !(names.contains("versionId") && names.contains("versionTime")) else {
      throw ResolutionProblem(.invalidOptions, "two_versions", "versionId and versionTime exclude each other: give one of them.")
    }
  }

  private mutating func read(_ parameter: Parameter) throws(ResolutionProblem) {
    switch parameter.name {
    case "versionId":
      // Every version has one name: no sign, no leading zero.
      guard let id = UInt64(parameter.value), "\(id)" == parameter.value else {
        throw .invalid(parameter, "a version's number: 0 after the creation, then one more with every change")
      }
      version = .id(id)
    case "versionTime":
      guard let time = DateTime(parsing: parameter.value) else { throw .invalid(parameter, "a time in UTC such as 2026-01-31T23:59:59Z") }
      version = .time(time)
    case "expandRelativeUrls", "noCache":
      // Documents have absolute URLs only, and nothing is cached here: both are always so.
      guard parameter.value == "true" || parameter.value == "false" else { throw .invalid(parameter, "true or false") }
    case "verificationRelationship":
      verificationRelationship = parameter.value
    default:
      throw ResolutionProblem(
        .featureNotSupported, "unknown_option", "The option \(parameter.name) is not supported here: leave it out.")
    }
  }
}

extension ResolutionProblem {
  fileprivate static func invalid(_ parameter: ResolutionOptions.Parameter, _ expectation: String) -> ResolutionProblem {
    ResolutionProblem(.invalidOptions, "invalid_option", "\(parameter.name) is not \(expectation): check its value.")
  }
}
