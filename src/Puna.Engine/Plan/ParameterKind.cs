namespace Puna.Engine.Plan;

/// <summary>What a parameter is, where more than its shape matters: how it is stored, made anew and decayed.</summary>
public enum ParameterKind
{
    /// <summary>The matrix of a linear map, or rows that are looked up.</summary>
    Matrix,

    /// <summary>Added to the result of a linear map; zeros when made anew.</summary>
    Bias,

    /// <summary>Multiplies normalised values; ones when made anew.</summary>
    Norm,
}
