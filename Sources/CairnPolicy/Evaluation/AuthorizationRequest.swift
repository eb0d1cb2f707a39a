/// Who wants to do what to which resource, and under what circumstances (`Cedar.Spec.Request`).
public struct AuthorizationRequest: Hashable, Sendable {
  public let principal: EntityUID
  public let action: EntityUID
  public let resource: EntityUID
  public let context: CedarRecord

  public init(principal: EntityUID, action: EntityUID, resource: EntityUID, context: CedarRecord = .empty) {
    self.principal = principal
    self.action = action
    self.resource = resource
    self.context = context
  }
}
