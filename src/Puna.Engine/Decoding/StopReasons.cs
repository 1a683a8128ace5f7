namespace Puna.Engine.Decoding;

/// <summary>Names of the <see cref="StopReason"/>s.</summary>
public static class StopReasons
{
    /// <summary>The name as it stands in JSON: stop_id, stop_text, length, context, cancelled.</summary>
    public static string Id(this StopReason reason) =>
        reason switch
        {
            StopReason.StopId => "stop_id",
            StopReason.StopText => "stop_text",
            StopReason.Length => "length",
            StopReason.Context => "context",
            _ => "cancelled",
        };
}
