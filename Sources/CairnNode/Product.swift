/// What this program is.
public enum Product {
  /// Semantic version of the product.
  public static let version = "0.1.0"
}
