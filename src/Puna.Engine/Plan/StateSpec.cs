namespace Puna.Engine.Plan;

/// <summary>
/// What decoding keeps for a branch between passes. A branch declares it; the cache and whoever admits sequences see
/// only these declarations, so that memory is known exactly for every architecture.
/// </summary>
public abstract record StateSpec;
