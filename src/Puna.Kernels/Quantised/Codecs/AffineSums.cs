namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Weighted sums over the codes q of a group of values x.</summary>
/// <param name="Codes">Sum of w * q.</param>
/// <param name="CodeSquares">Sum of w * q^2.</param>
/// <param name="Products">Sum of w * q * x.</param>
internal readonly record struct AffineSums(float Codes, float CodeSquares, float Products);
