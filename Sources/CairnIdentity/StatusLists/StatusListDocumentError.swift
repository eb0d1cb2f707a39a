/// Why a signed status list is not believed.
public enum StatusListDocumentError: Error, Equatable, Sendable {
  /// Every reason that was found, at least one.
  case refused([CredentialRefusal])
  case encoding(StatusListEncodingError)

  /// For logs and metric labels: the first reason.
  public var reason: String {
    switch self {
    case .refused(let refusals): refusals.first?.reason ?? "malformed"
    case .encoding(let error): error.reason
    }
  }
}
