"""The numbers of the error model "phones-2". Made by `python -m calibration.fit`: do not edit.

Fitted on: unimodal_trip_car_bike_mtv_la,
sfba_hf_calibration_stationary_only, sfba_med_freq_calibration_stationary_only,
pixel6-walk (network fixes beside its own GNSS);
judged on: train_bus_ebike_mtv_ucb, car_scooter_brex_san_jose.
Place: 16516 fixes, 876 of them at rest,
counting as 164 (a phone's minute on a trip or hour at rest counts once,
a kind of trip up to 10 between two knots).
Held-out log density in nats, by smoothing: 0.03 -7.741, 0.3 -7.748, 3 -7.768;
by widening, for a kind of trip and phone not seen:
    1 -8.105, 1.1 -8.108, 1.2 -8.127, 1.3 -8.156, 1.4 -8.193, 1.7 -8.328, 2 -8.478.
Outlying blocks by declared radius: (0, 50] 0 of 109, (50, 200] 0 of 263, (200, inf] 0 of 29.
Ageing: 16992 moments of the trips. Log density in nats, by the time in which a wide place
hides a motion: 1 -12.433, 2 -12.352, 4 -12.320, 16 -12.321, 64 -12.323;
held out, by widening, for a kind of trip not seen:
    1 -12.898, 1.1 -12.842, 1.2 -12.827, 1.3 -12.838, 1.4 -12.866, 1.7 -13.008, 2 -13.182.
Path: 15234 moments between two known places.
"""

import numpy as np

RADIUS_M = np.array([3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0])
CORE_M = np.array([2.89, 3.37, 3.98, 5.24, 17.5, 19.7, 42.1, 113.0, 351.0, 568.0])
WIDE_M = np.array([6.48, 6.48, 7.81, 19.1, 29.7, 40.7, 122.0, 395.0, 695.0, 1150.0])
WIDE_SHARE = np.array([0.251, 0.232, 0.394, 0.416, 0.33, 0.197, 0.186, 0.26, 0.18, 0.176])
OUTLIER_M = np.array([1000.0, 1000.0, 1000.0, 1000.0, 1000.0, 1000.0, 1000.0, 2500.0, 5000.0, 10000.0])
OUTLIER_SHARE = np.array([0.00455, 0.00455, 0.00455, 0.00455, 0.00455, 0.00455, 0.00455, 0.0167, 0.0167, 0.0167])

AGE_S = np.array([0.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0])
SPEED_MPS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
NEAR_M = np.array(
    [
        [0.0, 0.179, 0.521, 1.0, 1.86, 3.32, 6.5, 10.1, 15.2],
        [0.0, 0.287, 0.836, 1.61, 3.0, 5.33, 10.4, 16.3, 24.4],
        [0.0, 0.503, 1.47, 2.82, 5.26, 9.35, 18.3, 28.6, 42.9],
        [0.0, 0.937, 2.73, 5.25, 9.78, 17.4, 34.1, 53.2, 79.7],
        [0.0, 1.8, 5.26, 10.1, 18.8, 33.5, 65.7, 102.0, 154.0],
        [0.0, 3.54, 10.3, 19.8, 36.9, 65.7, 129.0, 201.0, 301.0],
    ]
)
GONE_M = np.array(
    [
        [0.0, 15.6, 46.2, 90.3, 173.0, 321.0, 674.0, 1100.0, 1710.0],
        [0.0, 17.4, 51.3, 100.0, 192.0, 356.0, 748.0, 1220.0, 1900.0],
        [0.0, 20.8, 61.4, 120.0, 230.0, 427.0, 896.0, 1470.0, 2280.0],
        [0.0, 27.7, 81.8, 160.0, 306.0, 568.0, 1190.0, 1950.0, 3030.0],
        [0.0, 41.4, 122.0, 239.0, 459.0, 851.0, 1790.0, 2920.0, 4540.0],
        [0.0, 69.0, 204.0, 398.0, 764.0, 1420.0, 2970.0, 4860.0, 7550.0],
    ]
)
GONE_SHARE = np.array(
    [
        [0.0, 0.0953, 0.213, 0.33, 0.472, 0.619, 0.782, 0.867, 0.922],
        [0.0, 0.726, 0.872, 0.926, 0.958, 0.976, 0.989, 0.994, 0.997],
        [0.0, 0.985, 0.994, 0.997, 0.998, 0.999, 1.0, 1.0, 1.0],
        [0.0, 0.999, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    ]
)

HIDDEN_S = 4.0
HIDDEN_MPS_MAX = 32.0
PATH_LENGTH_SHARE = 0.11
PATH_MPS = 0.27
