import Testing

@testable import CairnNetwork

@Suite("The matrix of links") struct LinkMatrixTests {
  @Test("Later lines win, a line goes both ways unless it says one, and nodes take the sites in turn") func text() throws {
    let matrix = try LinkMatrix(
      text: """
        # of three
        sites a b c
        * * 1ms
        a b 12.5ms jitter=2ms loss=0.25%   # far
        b > a, 20ms
        c c 300us
        """)
    #expect(matrix.sites == ["a", "b", "c"])
    #expect(matrix.path(from: 0, to: 1) == PathConditions(delay: .microseconds(12_500), jitter: .milliseconds(2), loss: 0.0025))
    #expect(matrix.path(from: 1, to: 0) == PathConditions(delay: .milliseconds(20)))
    #expect(matrix.path(from: 4, to: 3) == matrix.path(from: 1, to: 0))
    #expect(matrix.path(from: 2, to: 5).delay == .microseconds(300))
    #expect(matrix.path(from: 0, to: 3).delay == .milliseconds(1))
    let links = matrix.links(of: 1, nodes: 4)
    #expect(links.keys.sorted() == [0, 2, 3])
    #expect(links[0] == LinkConditions(incoming: matrix.path(from: 0, to: 1), roundTrip: .microseconds(32_500)))
    #expect(matrix.uniformDelay == nil)
  }

  @Test("Every profile can be read, and a uniform one says its delay") func profiles() throws {
    for name in LinkMatrix.profiles.keys { #expect(try LinkMatrix(profile: name) != nil) }
    let uniform = try #require(try LinkMatrix(profile: "uniform:50ms"))
    #expect(uniform == .uniform(PathConditions(delay: .milliseconds(50))))
    #expect(uniform.uniformDelay == .milliseconds(50))
    #expect(uniform.path(from: 3, to: 7).delay == .milliseconds(50))
    let lossy = try #require(try LinkMatrix(profile: "uniform:1s,jitter=5ms,loss=50%"))
    #expect(lossy.path(from: 0, to: 1) == PathConditions(delay: .seconds(1), jitter: .milliseconds(5), loss: 0.5))
    #expect(lossy.uniformDelay == nil)
    #expect(try LinkMatrix(profile: "three-cloud") == nil)
  }

  @Test(
    "What is wrong is said with its line",
    arguments: [
      ("sites a a\n* * 1ms", LinkMatrixError.Reason.sites, 1), ("* * 1ms\nsites a b", .sites, 2), ("sites a b\na c 1ms", .unknownSite, 2),
      ("sites a b\n\na b", .noDelay, 3), ("* * 50", .duration, 1), ("* * -1ms", .duration, 1), ("* * nanms", .duration, 1),
      ("* * 11s", .duration, 1), ("* * 1ms jitter=x", .duration, 1), ("* * 1ms loss=51%", .loss, 1), ("* * 1ms loss=1", .loss, 1),
      ("* * 1ms lost=1%", .unknownOption, 1), ("sites a b\na b 1ms", .missingPair, 2), ("", .missingPair, 1),
      (String(repeating: "#", count: 65_537), .tooLong, 1),
    ])
  func refusals(_ text: String, _ reason: LinkMatrixError.Reason, _ line: Int) {
    #expect {
      try LinkMatrix(text: text)
    } throws: { error in
      (error as? LinkMatrixError)?.reason == reason && (error as? LinkMatrixError)?.line == line
    }
  }
}
