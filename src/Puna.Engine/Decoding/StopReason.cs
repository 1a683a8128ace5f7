namespace Puna.Engine.Decoding;

/// <summary>Why a generation ended.</summary>
public enum StopReason
{
    /// <summary>A token that ends a turn or was named as a stop.</summary>
    StopId,

    /// <summary>A stop string.</summary>
    StopText,

    /// <summary>As many tokens as asked for.</summary>
    Length,

    /// <summary>The context is full.</summary>
    Context,

    /// <summary>The caller asked to end.</summary>
    Cancelled,
}
