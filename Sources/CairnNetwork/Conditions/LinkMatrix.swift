/// Where nodes stand, and what lies between them: the links of a test network that runs on one machine and shall behave as if its
/// nodes were far apart.
///
/// Nodes are put into the sites in turn: with three sites, the first and the fourth node share one. The textual form is described at
/// ``init(text:)``.
public struct LinkMatrix: Hashable, Sendable {
  /// Names, in the order in which nodes are put there.
  public let sites: [String]
  /// By the sites' positions: from, then to.
  private let paths: [[PathConditions]]

  init(sites: [String], paths: [[PathConditions]]) {
    precondition(!sites.isEmpty && paths.count == sites.count && paths.allSatisfy { $0.count == sites.count }, "a matrix is square")
    (self.sites, self.paths) = (sites, paths)
  }

  /// The same conditions between any two nodes.
  public static func uniform(_ path: PathConditions) -> LinkMatrix { LinkMatrix(sites: [anySite], paths: [[path]]) }

  /// In the textual form: every site. As a site by itself: the one of a network whose nodes are all equally far apart.
  static let anySite = "*"

  /// From the node at one index to that at another.
  public func path(from sender: Int, to receiver: Int) -> PathConditions { paths[sender % sites.count][receiver % sites.count] }

  /// A node's links to all others, by their indices.
  public func links(of index: Int, nodes count: Int) -> [Int: LinkConditions] {
    var links: [Int: LinkConditions] = [:]
    for peer in 0..<count where peer != index {
      let incoming = path(from: peer, to: index)
      links[peer] = LinkConditions(incoming: incoming, roundTrip: incoming.delay + path(from: index, to: peer).delay)
    }
    return links
  }

  /// The one-way delay, when it is the same between all nodes; `nil` when it is not, or there is jitter or loss.
  public var uniformDelay: Duration? {
    guard let first = paths[0].first, first.jitter == .zero, first.loss == 0, paths.allSatisfy({ $0.allSatisfy { $0 == first } }) else {
      return nil
    }
    return first.delay
  }
}
