namespace Puna.Kernels.Emitted;

/// <summary>Conditions of a jump, numbered as instructions number them: the last sum or difference was...</summary>
internal enum Condition
{
    /// <summary>zero.</summary>
    Zero = 4,

    /// <summary>not zero.</summary>
    NotZero = 5,

    /// <summary>negative, as signed numbers.</summary>
    Less = 12,

    /// <summary>zero or positive, as signed numbers.</summary>
    NotLess = 13,
}
