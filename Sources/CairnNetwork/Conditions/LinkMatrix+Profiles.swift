extension LinkMatrix {
  /// Profiles that have a name, in the textual form. Delays are half of the round trips that are usual between regions of public clouds.
  public static let profiles: [String: String] = [
    // One continent: Frankfurt, Dublin, Paris.
    "three-clouds": """
    sites frankfurt dublin paris
    * * 0.3ms jitter=0.1ms
    frankfurt dublin 12.5ms jitter=1ms loss=0.01%
    frankfurt paris 5ms jitter=1ms loss=0.01%
    dublin paris 9ms jitter=1ms loss=0.01%
    """,
    // Three continents.
    "global": """
    sites virginia frankfurt singapore tokyo
    * * 0.3ms jitter=0.1ms
    virginia frankfurt 45ms jitter=2ms loss=0.01%
    virginia singapore 110ms jitter=3ms loss=0.02%
    virginia tokyo 78ms jitter=3ms loss=0.02%
    frankfurt singapore 80ms jitter=3ms loss=0.02%
    frankfurt tokyo 112ms jitter=3ms loss=0.02%
    singapore tokyo 35ms jitter=2ms loss=0.01%
    """,
  ]

  /// Begins a profile in which all nodes are equally far apart: `uniform:50ms`, `uniform:50ms,jitter=5ms,loss=0.1%`.
  public static let uniformPrefix = "uniform:"

  /// A profile by its name; `nil` for a name that is none.
  ///
  /// - Throws: what is wrong with the conditions after ``uniformPrefix``.
  public init?(profile: String) throws(LinkMatrixError) {
    if let text = Self.profiles[profile] {
      self = try LinkMatrix(text: text)
    } else if profile.hasPrefix(Self.uniformPrefix) {
      self = try LinkMatrix(text: "* * " + profile.dropFirst(Self.uniformPrefix.count))
    } else {
      return nil
    }
  }
}
